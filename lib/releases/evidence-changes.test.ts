import { describe, expect, it } from "vitest";
import type { JsonObject } from "../digest";
import { compareEvidence, inOneLine } from "./evidence-changes";

const ravi = { id: 3, name: "Ravi", email: "ravi@example.com" };
const grade = (id: number, given: JsonObject = {}): JsonObject => ({
  ...{ id, case: "c1", version: "v2", criterion: "grounded", reviewer: ravi, verdict: "pass" },
  ...{ note: null, tags: [], supersedes: null, at: "2026-01-01T00:00:00.000Z" },
  ...given,
});
const evidence = (given: JsonObject = {}): JsonObject => ({
  prompt: "support",
  dataset: "tickets",
  baseline: { key: "v1", digest: "1", run: { id: 1, digest: "r1" } },
  candidate: { key: "v2", digest: "2", run: { id: 2, digest: "r2" } },
  policy: { key: "strict", number: 1, digest: "p1", document: { margin: 0, judge: { minTpr: 0.9 } } },
  criteria: [{ key: "grounded", rubric: "Cites.", judge: { key: "llm", number: 1, digest: "j1" } }],
  sample: [{ batch: 1, size: 2, design: "random", drawnBy: "mila", draws: [{ case: "c1" }, { case: "c2" }] }],
  reviews: [grade(1), grade(2, { case: "c2" })],
  numbers: [{ key: "grounded", estimate: { delta: 0.1, low: 0.05, high: 0.15, reviewed: 2 } }],
  gates: [{ key: "delta", status: "met", detail: "+10.0 pt" }],
  closed: { at: "2026-01-02T00:00:00.000Z", number: 1 },
  ...given,
});
const changes = (given: JsonObject) => compareEvidence(evidence(), evidence(given));
const only = (given: JsonObject) => {
  const [group, ...more] = changes(given);
  expect(more).toEqual([]);
  return group!;
};

describe("what is different between two evidences", () => {
  it("nothing, when it was only closed again", () => {
    expect(changes({ closed: { at: "2026-01-03T00:00:00.000Z", number: 2 } })).toEqual([]);
  });
  it("a corrected grade, by person and case", () => {
    const reviews = [grade(1), grade(2, { case: "c2" }), grade(3, { verdict: "fail", supersedes: 1 })];
    expect(only({ reviews })).toEqual({
      key: "reviews",
      title: "Grades",
      changes: [{ what: "Ravi corrected the grade of c1, v2, grounded", before: "pass", after: "fail" }],
    });
  });
  it("a correction of a correction is told from the one before", () => {
    const first = grade(3, { verdict: "fail", supersedes: 1 });
    const before = evidence({ reviews: [grade(1), first] });
    const after = evidence({ reviews: [grade(1), first, grade(4, { verdict: "unsure", supersedes: 3 })] });
    expect(compareEvidence(before, after)[0]?.changes).toMatchObject([{ before: "fail", after: "unsure" }]);
  });
  it("a correction of the note alone, a new grade, a preference, and a grade that is gone", () => {
    const preference = grade(4, { version: undefined, verdict: undefined, prefer: "candidate" });
    const reviews = [grade(1), grade(3, { supersedes: 1, note: "Short", tags: ["tone"] }), preference];
    expect(only({ reviews }).changes).toEqual([
      { what: "Ravi corrected the grade of c1, v2, grounded", before: "pass", after: "pass, tone, “Short”" },
      { what: "Ravi graded c1, grounded", before: null, after: "candidate" },
      { what: "The grade of c2, v2, grounded by Ravi is gone", before: "pass", after: null },
    ]);
  });
  it("a grade changed in place, which nobody can do", () => {
    expect(only({ reviews: [grade(1, { verdict: "fail" }), grade(2, { case: "c2" })] }).changes).toEqual([
      { what: "Grade of c1, v2, grounded › verdict", before: "pass", after: "fail" },
    ]);
  });
  it("policy, judge, run and dataset, field by field", () => {
    const policy = { key: "strict", number: 2, digest: "p2", document: { margin: -0.02, judge: { minTpr: 0.8 } } };
    expect(only({ policy }).changes).toEqual([
      { what: "number", before: "1", after: "2" },
      { what: "digest", before: "p1", after: "p2" },
      { what: "margin", before: "0", after: "-0.02" },
      { what: "judge › minTpr", before: "0.9", after: "0.8" },
    ]);
    const criteria = [{ key: "grounded", rubric: "Cites.", judge: { key: "llm", number: 2, digest: "j2" } }];
    expect(only({ criteria }).changes.map(({ what }) => what)).toEqual([
      "grounded › judge › number",
      "grounded › judge › digest",
    ]);
    const candidate = { key: "v2", digest: "2", run: { id: 5, digest: "r5" } };
    expect(only({ candidate }).changes.map(({ what }) => what)).toEqual([
      "candidate › run › id",
      "candidate › run › digest",
    ]);
    expect(only({ dataset: "others" }).changes).toEqual([{ what: "dataset", before: "tickets", after: "others" }]);
  });
  it("draws, gates and numbers", () => {
    const more = { batch: 2, size: 1, design: "adaptive", drawnBy: "vera", draws: [{ case: "c3" }] };
    const first = evidence().sample as JsonObject[];
    expect(only({ sample: [...first, more] }).changes).toEqual([
      { what: "batch 2", before: null, after: "1 cases, adaptive, drawn by vera" },
    ]);
    expect(only({ gates: [{ key: "delta", status: "not_enough_evidence", detail: "+9.0 pt" }] }).changes).toEqual([
      { what: "delta", before: "met: +10.0 pt", after: "not enough evidence: +9.0 pt" },
    ]);
    const numbers = [{ key: "grounded", estimate: { delta: 0.09, low: 0.05, high: 0.15, reviewed: 3 } }];
    expect(only({ numbers }).changes).toEqual([
      { what: "grounded › estimate › delta", before: "+10.0 pt", after: "+9.0 pt" },
      { what: "grounded › estimate › reviewed", before: "2", after: "3" },
    ]);
  });
  it("is said in one line, cut", () => {
    const reviews = [grade(1), grade(2, { case: "c2" }), ...[3, 4, 5, 6].map((id) => grade(id, { case: `c${id}` }))];
    expect(inOneLine(changes({ reviews }))).toBe(
      "Ravi graded c3, v2, grounded: – → pass; Ravi graded c4, v2, grounded: – → pass; Ravi graded c5, v2, grounded: – → pass; and 1 more",
    );
    expect(inOneLine([])).toBe("");
  });
});
