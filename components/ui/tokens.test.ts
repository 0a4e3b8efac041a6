import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

function tokensOf(selector: string): Record<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`)).split("}")[0] ?? "";
  return Object.fromEntries(
    [...block.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]),
  );
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = ["paper", "raised", "sunken", "hover"];
const soft = ["accent", "better", "worse", "unsure", "human", "machine"];
// Text needs 4.5 (AA), the borders of controls and other marks that carry meaning 3.
const texts: [string, string][] = [
  ...["ink", "muted", ...soft].flatMap((text) => surfaces.map((surface): [string, string] => [text, surface])),
  ...soft.map((name): [string, string] => [name, `${name}-soft`]),
  ...soft.map((name): [string, string] => ["ink", `${name}-soft`]),
  ...["ink", "muted"].flatMap((text) => [[text, "removed"] as [string, string], [text, "added"] as [string, string]]),
  ["unsure", "unsure-soft"],
  ["accent", "accent-soft"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["paper", "ink"],
  ["worse", "removed"],
  ["better", "added"],
];
const marks: [string, string][] = [
  ...surfaces.map((surface): [string, string] => ["line-strong", surface]),
  ...surfaces.map((surface): [string, string] => ["accent", surface]),
];

describe("contrast of the colours", () => {
  it("agrees with published ratios", () => {
    expect(contrast("#ffffff", "#000000")).toBeCloseTo(21, 5);
    // WebAIM's example of the lightest grey that passes on white.
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
  });
  for (const [theme, selector] of [
    ["light", ":root"],
    ["dark", ".dark"],
  ] as const) {
    const tokens = tokensOf(selector);
    const check = (pairs: [string, string][], least: number) => {
      const low = pairs
        .map(([front, back]) => ({ pair: `${front} on ${back}`, ratio: contrast(tokens[front]!, tokens[back]!) }))
        .filter(({ ratio }) => !(ratio >= least));
      expect(low).toEqual([]);
    };
    it(`${theme}: text is readable on every surface it stands on`, () => check(texts, 4.5));
    it(`${theme}: borders and focus rings can be seen`, () => check(marks, 3));
    it(`${theme}: both themes define the same colours`, () =>
      expect(Object.keys(tokens)).toEqual(Object.keys(tokensOf(":root"))));
  }
});
