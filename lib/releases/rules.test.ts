import { describe, expect, it } from "vitest";
import { type PolicyDocument, policySchema, standardPolicies } from "./policy-document";
import {
  type Ages,
  blocking,
  type CriterionNumbers,
  decides,
  deltaGate,
  evidenceGates,
  freshnessGate,
  humanLabel,
  judgeGate,
  type MustPassGrade,
  mustPassGate,
  reviewsGate,
  signersGate,
  slicesGate,
  standingOf,
  unwaived,
  waivedUntil,
} from "./rules";

const policy = standardPolicies.standard!;
const ages: Ages = { at: "2026-11-30T00:00:00.000Z", runs: [], oldestGrade: null };
const withPolicy = (given: Partial<PolicyDocument>): PolicyDocument => policySchema.parse({ ...policy, ...given });

function criterion(given: Partial<CriterionNumbers> = {}): CriterionNumbers {
  const estimate = { delta: 0.03, low: 0.01, high: 0.05 };
  const alwaysValid = { low: 0, high: 0.06 };
  return { key: "grounded", judge: null, estimate, alwaysValid, labelled: 40, ungraded: [], ...given };
}
function grade(given: Partial<MustPassGrade> = {}): MustPassGrade {
  return { case: "c1", criterion: "grounded", answered: true, label: "pass", ...given };
}

describe("the human label", () => {
  it.each([
    [[], 1, null],
    [["pass"], 2, null],
    [["pass"], 1, "pass"],
    [["unsure"], 1, "unsure"],
    [["fail", "fail"], 2, "fail"],
    [["pass", "fail"], 2, "disagreement"],
    [["pass", "pass", "fail"], 2, "pass"],
    [["fail", "pass", "fail"], 3, "fail"],
    [["pass", "fail", "unsure"], 3, "disagreement"],
    [["unsure", "unsure", "pass"], 3, "disagreement"],
  ] as const)("of %j, %i asked for, is %s", (grades, asked, label) => {
    expect(humanLabel(grades, asked)).toBe(label);
  });
});

describe("must-pass gate", () => {
  it("is met when every must-pass case is graded pass", () => {
    expect(mustPassGate(policy, [grade(), grade({ case: "c2" })])).toEqual({
      key: "must_pass",
      status: "met",
      detail: "All 2 must-pass cases graded pass.",
    });
  });
  it("is vetoed by one graded fail on any criterion, whatever else passes", () => {
    const gate = mustPassGate(policy, [grade(), grade({ criterion: "tone", label: "fail" }), grade({ case: "c2" })]);
    expect(gate).toMatchObject({ status: "not_met", detail: "1 must-pass case graded fail: c1." });
  });
  it.each([null, "unsure", "disagreement"] as const)("lacks evidence while a case is %s", (label) => {
    expect(mustPassGate(policy, [grade(), grade({ case: "c2", label })]).status).toBe("not_enough_evidence");
  });
  it("lacks evidence on a case that a version did not answer, and names it", () => {
    const gate = mustPassGate(policy, [grade(), grade({ case: "c2", answered: false, label: null })]);
    expect(gate).toEqual({
      key: "must_pass",
      status: "not_enough_evidence",
      detail: "1 of 2 must-pass cases graded pass; not answered by both versions: c2.",
      open: [{ case: "c2" }],
    });
  });
  it("is met without must-pass cases, and when the policy does not ask", () => {
    expect(mustPassGate(policy, []).status).toBe("met");
    expect(mustPassGate({ ...policy, mustPass: false }, [grade({ label: "fail" })]).status).toBe("met");
  });
});

describe("delta gate, margin −2 pt", () => {
  it.each([
    [{ low: -0.02, high: 0.02 }, "met"],
    [{ low: -0.0201, high: 0.02 }, "not_enough_evidence"],
    [{ low: -0.08, high: -0.02 }, "not_enough_evidence"],
    [{ low: -0.08, high: -0.0201 }, "not_met"],
    [null, "not_enough_evidence"],
  ] as const)("an always-valid interval of %j is %s, whatever the other one says", (alwaysValid, status) => {
    expect(deltaGate(policy, [criterion({ alwaysValid })]).status).toBe(status);
  });
  it("is not met when another criterion is clearly below, but a doubt about another does not stop it", () => {
    const estimate = { delta: -0.1, low: -0.15, high: -0.07 };
    const tone = (high: number) => criterion({ key: "tone", estimate, alwaysValid: { low: -0.2, high } });
    expect(deltaGate(policy, [criterion(), tone(-0.05)])).toMatchObject({
      status: "not_met",
      detail: "Worse than the margin of −2 pt: tone −10.0 pt (always-valid −20.0 to −5.0 pt).",
    });
    expect(deltaGate(policy, [criterion(), tone(0.01)])).toMatchObject({
      status: "met",
      detail: expect.stringContaining("at most 5 of 100 releases"),
    });
  });
  it("says nothing before anything is graded", () => {
    expect(deltaGate(policy, [criterion({ labelled: 0 })]).status).toBe("not_enough_evidence");
  });
});

describe("a margin for a criterion", () => {
  const tone = (low: number, high = 0.1, labelled = 40) =>
    criterion({ key: "tone", estimate: { delta: 0, low, high }, alwaysValid: { low, high }, labelled });
  it("of the primary one stands in for the policy's", () => {
    const wide = withPolicy({ criteria: { grounded: { margin: -0.1 } } });
    expect(deltaGate(wide, [criterion({ alwaysValid: { low: -0.09, high: 0 } })])).toMatchObject({
      status: "met",
      detail: expect.stringContaining("the margin is −10 pt"),
    });
    expect(deltaGate(policy, [criterion({ alwaysValid: { low: -0.09, high: 0 } })]).status).toBe("not_enough_evidence");
  });
  it("of another one must be met too, while others only must not be worse", () => {
    const two = withPolicy({ criteria: { tone: { margin: -0.05 } } });
    expect(deltaGate(two, [criterion(), tone(-0.04)])).toMatchObject({
      status: "met",
      detail: expect.stringMatching(/grounded \+3.0 pt.*margin −2 pt; tone .*margin −5 pt: at most 5 of 100/),
    });
    expect(deltaGate(two, [criterion(), tone(-0.06)])).toMatchObject({
      status: "not_enough_evidence",
      detail: expect.stringContaining("tone"),
    });
    expect(deltaGate(two, [criterion(), tone(-0.04, 0.1, 0)])).toMatchObject({
      status: "not_enough_evidence",
      detail: expect.stringContaining("tone: nothing is graded yet"),
    });
    expect(deltaGate(two, [criterion(), tone(-0.2, -0.06)])).toMatchObject({ status: "not_met" });
    expect(deltaGate(policy, [criterion(), tone(-0.06)]).status).toBe("met");
    // Between the policy's margin and its own, looser one.
    expect(deltaGate(two, [criterion(), tone(-0.04, -0.03)]).status).toBe("met");
  });
});

describe("slices gate", () => {
  const bound = { population: 100, drawn: 40, labelled: 40, delta: 0.01, level: 0.95, highLevel: 0.975 };
  const asked = withPolicy({ slices: [{ slice: "billing", margin: -0.02 }] });
  const billing = (given: object) => ({ ...bound, slice: "billing", margin: -0.02, low: -0.01, high: 0.05, ...given });
  it.each([
    [
      {},
      "met",
      /Not worse than its margin: billing \+1.0 pt \(always-valid −1.0 to 5.0 pt, margin −2 pt, 40 of 100 graded/,
    ],
    [{ low: -0.03 }, "not_enough_evidence", /Not settled: billing .*More grades would narrow it/],
    [{ low: -0.03, drawn: 100 }, "not_enough_evidence", /graded\)\.$/],
    [{ low: -1, high: 1, labelled: 0 }, "not_enough_evidence", /none of its 100 cases is graded yet/],
    [{ low: -1, high: 1, population: 0, drawn: 0, labelled: 0 }, "not_enough_evidence", /no case of this release/],
    [{ low: -0.2, high: -0.021 }, "not_met", /Worse than its margin: billing/],
  ] as const)("of %j is %s", (given, status, detail) => {
    expect(slicesGate(asked, [billing(given)])).toMatchObject({ status, detail: expect.stringMatching(detail) });
  });
  it("is there only where the policy names slices, and one slice that is worse closes it", () => {
    expect(slicesGate(policy, [])).toBeNull();
    expect(slicesGate(asked, [billing({}), billing({ slice: "returns", high: -0.03, low: -0.1 })])?.status).toBe(
      "not_met",
    );
  });
});

describe("freshness gate", () => {
  const judged = [criterion({ judge: { key: "gpt", licence: "trusted", detail: "" } })];
  const runs = [
    { version: "v1", importedAt: "2026-11-01T00:00:00.000Z" },
    { version: "v2", importedAt: "2026-11-23T00:00:00.000Z" },
  ];
  const given = (known: Partial<Ages>): Ages => ({ ...ages, runs, oldestGrade: "2026-11-28T12:00:00.000Z", ...known });
  const asks = (freshness: PolicyDocument["freshness"]) => withPolicy({ freshness });
  it.each([
    [{ runs: 30, calibration: null }, {}, "met", /run of v1 was imported 29 days before, 30 days allowed/],
    [{ runs: 29, calibration: null }, {}, "met", /29 days/],
    [
      { runs: 28.9, calibration: null },
      {},
      "not_met",
      /^The run of v1 was imported 29 days before, 28.9 days allowed\.$/,
    ],
    [
      { runs: 30, calibration: 1 },
      {},
      "not_met",
      /oldest grade that calibrates a judge was given 1.5 days before, 1 day allowed/,
    ],
    [{ runs: null, calibration: 1.5 }, {}, "met", /1.5 days/],
    [{ runs: null, calibration: 30 }, { oldestGrade: null }, "not_enough_evidence", /nothing is graded yet/i],
    [{ runs: 30, calibration: null }, { runs: null }, "not_enough_evidence", /does not say when its runs/],
    [{ runs: 30, calibration: 30 }, { at: null }, "not_enough_evidence", /does not say when its grading closed/],
  ] as const)("for %j with %j is %s", (freshness, known, status, detail) => {
    expect(freshnessGate(asks(freshness), judged, given(known))).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
    });
  });
  it("says not met before it says that evidence lacks, and asks nothing of judges where there is none", () => {
    const both = asks({ runs: 10, calibration: 10 });
    expect(freshnessGate(both, judged, given({ oldestGrade: null }))).toMatchObject({ status: "not_met" });
    expect(
      freshnessGate(asks({ runs: null, calibration: 10 }), [criterion()], given({ oldestGrade: null })),
    ).toMatchObject({
      status: "met",
      detail: "No judge is used.",
    });
    expect(freshnessGate(policy, judged, given({}))).toBeNull();
  });
});

describe("judge gate", () => {
  const judge = (licence: NonNullable<CriterionNumbers["judge"]>["licence"]) => ({ key: "j", licence, detail: "…" });
  it("follows the worst instrument", () => {
    const rows = (...licences: Parameters<typeof judge>[0][]) => licences.map((l) => criterion({ judge: judge(l) }));
    expect(judgeGate(rows("trusted", "trusted"), 100).status).toBe("met");
    expect(judgeGate(rows("trusted", "not_enough_evidence"), 100).status).toBe("not_enough_evidence");
    expect(judgeGate(rows("not_enough_evidence", "untrusted"), 100).status).toBe("not_met");
  });
  it("is met without a judge, and says that people decide", () => {
    expect(judgeGate([criterion()], 100)).toMatchObject({ status: "met", detail: expect.stringContaining("people") });
  });
  it("asks nothing of a judge on whose word nothing rests: people graded every case", () => {
    const untrusted = criterion({ labelled: 100, judge: { key: "j", licence: "untrusted", detail: "poor" } });
    expect(judgeGate([untrusted], 100)).toMatchObject({ status: "met", detail: expect.stringContaining("Every case") });
    expect(judgeGate([{ ...untrusted, labelled: 99 }], 100).status).toBe("not_met");
  });
});

describe("reviews gate", () => {
  it("counts the criterion with the fewest labels", () => {
    expect(reviewsGate(policy, [criterion(), criterion({ labelled: 39 })], 100).status).toBe("not_enough_evidence");
    expect(reviewsGate(policy, [criterion(), criterion({ labelled: 41 })], 100).status).toBe("met");
  });
  it("asks for no more than can be drawn", () => {
    expect(reviewsGate(policy, [criterion({ labelled: 30 })], 30).status).toBe("met");
    expect(reviewsGate(policy, [criterion({ labelled: 29 })], 30).status).toBe("not_enough_evidence");
  });
});

describe("signatures", () => {
  it("are counted against the policy, and a refusal ends it", () => {
    const two = { ...policy, signers: 2 };
    const gate = (document: typeof policy, ...decisions: ("approve" | "refuse" | "abstain")[]) =>
      signersGate(
        document,
        standingOf(
          document,
          decisions.map((decision, i) => ({ email: `${i}@example.com`, decision })),
        ),
      );
    expect(gate(two, "approve").status).toBe("not_met");
    expect(gate(two, "approve", "approve").status).toBe("met");
    expect(gate(two, "approve", "abstain", "abstain").detail).toBe("1 of 2 signatures on this evidence.");
    expect(gate(two, "approve", "approve", "refuse")).toMatchObject({ status: "not_met", detail: /^Refused/ });
  });
  it("that refuse are dissent where the policy says so, until as many refuse as would approve", () => {
    const lenient = { ...policy, signers: 2, dissentBlocks: false };
    const of = (...decisions: ("approve" | "refuse")[]) =>
      standingOf(
        lenient,
        decisions.map((decision, i) => ({ email: `${i}@example.com`, decision })),
      );
    expect(decides(lenient, of("refuse"))).toBeNull();
    expect(decides(lenient, of("refuse", "approve", "approve"))).toBe("approved");
    expect(signersGate(lenient, of("refuse", "approve", "approve")).detail).toContain("1 dissent on record");
    expect(decides(lenient, of("refuse", "approve", "refuse"))).toBe("refused");
  });
  it("must come from each group as often as the policy says", () => {
    const people = ["law@example.com", "law2@example.com"];
    const grouped = { ...policy, signers: 2, signerGroups: [{ name: "Law", people, signatures: 1 }] };
    const by = (...emails: string[]) =>
      standingOf(
        grouped,
        emails.map((email) => ({ email, decision: "approve" as const })),
      );
    expect(decides(grouped, by("a@example.com", "b@example.com"))).toBeNull();
    expect(signersGate(grouped, by("a@example.com", "b@example.com")).detail).toContain("0 of 1 from Law");
    expect(decides(grouped, by("a@example.com", "LAW@example.com"))).toBe("approved");
  });
  it("do not block their own giving, everything else does", () => {
    const gates = evidenceGates({ policy, mustPass: [], criteria: [criterion()], drawable: 100, slices: [], ages });
    expect(blocking([...gates, signersGate(policy, standingOf(policy, []))])).toEqual([]);
    const short = evidenceGates({
      policy,
      mustPass: [],
      criteria: [criterion({ labelled: 1 })],
      drawable: 100,
      slices: [],
      ages,
    });
    expect(blocking([...short, signersGate(policy, standingOf(policy, []))]).map(({ key }) => key)).toEqual([
      "reviews",
    ]);
  });
  it("a gate is waived when each of its open parts is, and as long as the first of them", () => {
    const [gate] = [
      mustPassGate(policy, [grade({ label: "fail" }), grade({ case: "c2", label: "unsure" }), grade({ case: "c3" })]),
    ];
    expect(gate.open).toEqual([{ case: "c1" }, { case: "c2" }]);
    const of = (key: string, until = "2026-12-24T00:00:00.000Z") => ({
      gate: "must_pass" as const,
      scope: { case: key },
      until,
    });
    const whole = { gate: "must_pass" as const, until: "2026-12-01T00:00:00.000Z" };
    const now = new Date("2026-11-30T00:00:00.000Z");
    expect(unwaived(gate, [of("c1")], now)).toEqual([{ case: "c2" }]);
    expect(blocking([gate], [of("c1"), of("c3")], now)).toHaveLength(1);
    expect(blocking([gate], [of("c1"), of("c2")], now)).toEqual([]);
    expect(blocking([gate], [whole], now)).toEqual([]);
    const later = "2026-12-25T00:00:00.000Z";
    expect(waivedUntil([gate], [of("c1"), of("c2", later)])?.toISOString()).toBe(of("c1").until);
    // Over one part the longest counts.
    expect(waivedUntil([gate], [of("c1"), of("c2", later), of("c1", later), whole])?.toISOString()).toBe(later);
    expect(waivedUntil([{ ...gate, status: "met" }], [whole])).toBeNull();
    // A gate of evidence that does not say which parts are open is waived whole or not at all.
    const { open: _, ...unknown } = gate;
    expect(blocking([unknown], [of("c1"), of("c2")], now)).toHaveLength(1);
    expect(blocking([unknown], [whole], now)).toEqual([]);
  });
  it("name the parts that keep them open, also those that a worse one is told before", () => {
    const bad = criterion({ key: "tone", alwaysValid: { low: -0.2, high: -0.1 }, labelled: 3 });
    const wide = criterion({ alwaysValid: { low: -0.2, high: 0.3 } });
    expect(deltaGate(policy, [wide, bad, criterion({ key: "fine" })]).open).toEqual([
      { criterion: "grounded" },
      { criterion: "tone" },
    ]);
    expect(reviewsGate(policy, [wide, bad], 100).open).toEqual([{ criterion: "tone" }]);
    const judge = (licence: "trusted" | "untrusted" | "not_enough_evidence") => ({
      key: "j",
      licence,
      detail: licence,
    });
    const judged = (["untrusted", "trusted", "not_enough_evidence"] as const).map((licence) =>
      criterion({ key: licence, judge: judge(licence) }),
    );
    expect(judgeGate(judged, 100).open).toEqual([{ criterion: "untrusted" }, { criterion: "not_enough_evidence" }]);
    for (const gate of evidenceGates({
      policy,
      mustPass: [grade()],
      criteria: [criterion()],
      drawable: 100,
      slices: [],
      ages,
    }))
      expect(gate).not.toHaveProperty("open");
  });
  it("a waived gate stays open and blocks no more, until the waiver ends", () => {
    const gates = evidenceGates({
      policy,
      mustPass: [],
      criteria: [criterion({ labelled: 1 })],
      drawable: 100,
      slices: [],
      ages,
    });
    const until = "2026-12-24T00:00:00.000Z";
    const at = (time: string) => blocking(gates, [{ gate: "reviews", until }], new Date(time)).map(({ key }) => key);
    expect(at("2026-12-23T23:59:59.999Z")).toEqual([]);
    expect(at(until)).toEqual(["reviews"]);
    expect(gates.find(({ key }) => key === "reviews")?.status).toBe("not_enough_evidence");
    expect(blocking(gates, [{ gate: "delta", until }], new Date(0)).map(({ key }) => key)).toEqual(["reviews"]);
  });
});
