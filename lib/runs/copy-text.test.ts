import { describe, expect, it } from "vitest";
import { arrayLiteral, copyLine } from "./copy-text";

describe("COPY text", () => {
  it("escapes what would end a value or a row, and tells null from text", () => {
    expect(copyLine(["a\tb", "c\nd", "e\\f", null, "\\N", "", 1.5, true])).toBe(
      "a\\tb\tc\\nd\te\\\\f\t\\N\t\\\\N\t\t1.5\tt\n",
    );
  });
  it("quotes the elements of an array", () => {
    expect(arrayLiteral(["plain", 'quo"te', "back\\slash", "NULL", ""])).toBe(
      '{"plain","quo\\"te","back\\\\slash","NULL",""}',
    );
  });
});
