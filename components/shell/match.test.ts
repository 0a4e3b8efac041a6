import { describe, expect, it } from "vitest";
import { type Findable, match, ranked } from "./match";

const entries: Findable[] = [
  { group: "Actions", label: "New release" },
  { group: "Actions", label: "New version of support/answers" },
  { group: "This page", label: "Keys of this page", keys: "?" },
  { group: "Releases", label: "support/answers v4 → v40", of: "grading" },
  { group: "Releases", label: "support/answers v3 → v4", of: "refused" },
  { group: "Releases", label: "v4/copilot a → b", of: "approved" },
  { group: "Prompts", label: "v4" },
  { group: "People", label: "Vera 4th of Lind", of: "viewer" },
  { group: "People", label: "René Müller", of: "release manager" },
];
const found = (text: string) => ranked(entries, text).flatMap(([, all]) => all.map(({ label }) => label));

describe("the palette finds", () => {
  it("no letters that are scattered over a name, and nothing in the middle of a word", () => {
    expect(found("v4")).not.toContain("Vera 4th of Lind");
    expect(found("nswers")).toEqual([]);
    expect(found("rls")).toEqual([]);
  });
  it("the very name first, then names that begin so, then words of the name", () => {
    expect(found("v4")).toEqual(["v4", "v4/copilot a → b", "support/answers v4 → v40", "support/answers v3 → v4"]);
    expect(match({ group: "Cases", label: "c-1" }, "C-1")).toBeGreaterThan(
      match({ group: "Cases", label: "c-10" }, "c-1"),
    );
  });
  it("a whole word before the beginning of one", () => {
    const [whole, begun] = [
      { group: "Releases", label: "answers v4" },
      { group: "Releases", label: "answers v40" },
    ];
    expect(ranked([begun, whole], "v4")).toEqual([["Releases", [whole, begun]]]);
  });
  it("only what has all the words, in any order, also of what it belongs to", () => {
    expect(found("v4 supp")).toEqual(["support/answers v4 → v40", "support/answers v3 → v4"]);
    expect(found("releases support v3")).toEqual(["support/answers v3 → v4"]);
    expect(found("support/answers v3 → v4")).toEqual(["support/answers v3 → v4"]);
    expect(found("refused support")).toEqual(["support/answers v3 → v4"]);
    expect(found("support nowhere")).toEqual([]);
  });
  it("names whatever their accents and letter case, and roles", () => {
    expect(found("rene MUL")).toEqual(["René Müller"]);
    expect(found("release manager")).toEqual(["René Müller"]);
  });
  it("a release by its number, a case by its number", () => {
    const releases = [31, 3].map((id) => ({
      group: "Releases",
      label: "answers v3 → v4",
      of: `release ${id}, grading`,
    }));
    expect(ranked(releases, "release 3")[0]?.[1]).toEqual([releases[1], releases[0]]);
    expect(ranked(releases, "release 31")[0]?.[1]).toEqual([releases[0]]);
    expect(match({ group: "Cases", label: "refunds-05" }, "05")).toBeGreaterThan(0);
    expect(match({ group: "Cases", label: "refunds-105" }, "05")).toBe(0);
  });
  it("many where one is typed", () => {
    const policies = { group: "Settings", label: "Policies" };
    for (const text of ["policy", "Policies", "polic"]) expect(match(policies, text)).toBeGreaterThan(0);
    expect(match({ group: "Pages", label: "Judges" }, "judge")).toBeGreaterThan(0);
    expect(match({ group: "Pages", label: "Policing" }, "policy")).toBe(0);
  });
  it("a command by its key", () => expect(found("?")).toEqual(["Keys of this page"]));
  it("everything, as it came, before anything is typed; nothing for signs alone", () => {
    expect(found("  ")).toEqual(entries.map(({ label }) => label));
    expect(found("→")).toEqual([]);
  });
});
