import { describe, expect, it } from "vitest";
import { canonicalJson, digestOf, sha256Hex } from "./digest";

describe("canonical JSON and digests", () => {
  // The example of RFC 8785 §3.2.2 and §3.2.3.
  it("gives the form RFC 8785 prints", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("sorts keys by UTF-16 code units, whatever order they were given in", () => {
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
    const sorted = '{"\\r":1,"1":1,"\u0080":1,"ö":1,"€":1,"😀":1,"\ufb33":1}';
    expect(canonicalJson(Object.fromEntries(keys.map((key) => [key, 1])))).toBe(sorted);
    expect(canonicalJson(Object.fromEntries(keys.reverse().map((key) => [key, 1])))).toBe(sorted);
  });

  it("refuses what has no canonical form", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const value of ["\ud800", { "\udc00": 1 }, Number.NaN, Number.POSITIVE_INFINITY, 1n, undefined, cycle])
      expect(() => canonicalJson(value)).toThrow("no canonical JSON form");
  });

  it("leaves out undefined members and keeps -0 as 0", () => {
    expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}');
  });

  // FIPS 180-4 example, and `printf '{"a":1}' | sha256sum`.
  it("hashes text as UTF-8 and values as their canonical form", () => {
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256Hex(new TextEncoder().encode("abc"))).toBe(sha256Hex("abc"));
    expect(digestOf({ a: 1 })).toBe("015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862");
  });
});
