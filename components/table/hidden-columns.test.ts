import { describe, expect, it } from "vitest";
import { readHidden, withHidden } from "./hidden-columns";

describe("hidden columns in the address", () => {
  it("keeps only columns that exist, in the table's order", () => {
    expect(readHidden("slice,nonsense,case", ["case", "slice", "tags"])).toEqual(["case", "slice"]);
    expect(readHidden(null, ["case"])).toEqual([]);
    expect(readHidden("", ["case"])).toEqual([]);
  });
  it("changes its own parameter and nothing else", () => {
    expect(withHidden("/cases?flip=worse&after=10", ["slice", "tags"])).toBe(
      "/cases?flip=worse&after=10&hide=slice%2Ctags",
    );
    expect(withHidden("/cases?hide=slice&flip=worse", [])).toBe("/cases?flip=worse");
    expect(withHidden("/cases", [])).toBe("/cases");
    expect(withHidden("?q=a%26b", ["x"])).toBe("?q=a%26b&hide=x");
  });
  it("reads what it wrote", () => {
    const href = withHidden("/cases?q=1", ["a", "b"]);
    expect(readHidden(new URLSearchParams(href.split("?")[1]).get("hide"), ["a", "b", "c"])).toEqual(["a", "b"]);
  });
});
