import { describe, expect, it } from "vitest";
import type { Role } from "../auth/actor";
import { canonicalJson, sha256Hex } from "../digest";
import {
  type PolicyDocument,
  policyDraftSchema,
  policyFor,
  policyJsonSchema,
  policySchema,
  readPolicy,
  standardPolicies,
} from "./policy-document";
import { countApprovals, proposalState, whyNotApprove } from "./policy-rules";
import { type PolicyFacts, policyWarnings } from "./policy-warnings";
import { policyChanges, policyInWords, policyText } from "./policy-words";

const policy = (given: object = {}): PolicyDocument =>
  policyDraftSchema.parse({ ...standardPolicies.standard, ...given });

const members = (...given: [name: string, ...roles: Role[]][]) =>
  given.map(([name, ...roles]) => ({ email: `${name}@x.test`, name, roles }));

const facts = (given: Partial<PolicyFacts> = {}): PolicyFacts => ({
  members: members(["mila", "release_manager"], ["max", "release_manager"], ["ravi", "reviewer"]),
  graders: [],
  contributors: [],
  datasets: [{ name: "tickets", cases: 100, slices: ["billing", "returns"] }],
  criteria: ["grounded", "tone"],
  ages: [],
  ...given,
});

describe("a policy document", () => {
  it("that was stored before it could say more is read with defaults, and keeps its bytes and its digest", () => {
    const { criteria, slices, waivers, freshness, meanings, dissentBlocks, excluded, signerGroups, ...old } =
      standardPolicies.standard;
    const stored = canonicalJson(old);
    expect(readPolicy(stored)).toEqual(standardPolicies.standard);
    expect(sha256Hex(canonicalJson(JSON.parse(stored)))).toBe(sha256Hex(stored));
    expect({ criteria, slices, waivers, freshness, meanings, dissentBlocks, excluded, signerGroups }).toMatchObject({
      slices: [],
      dissentBlocks: true,
    });
  });

  it("is for one criterion what it says of it, and else itself, also where a key is a word of the language", () => {
    const own = policy({ criteria: { tone: { margin: -0.1, judge: { minTpr: 0.5, minTnr: 0.4 } } } });
    expect(policyFor(own, "tone")).toMatchObject({ margin: -0.1, judge: { minTpr: 0.5, minTnr: 0.4 } });
    for (const key of ["grounded", "constructor", "toString"])
      expect(policyFor(own, key)).toMatchObject({ margin: -0.02 });
  });

  it("has its form as JSON Schema, in which every field stands", () => {
    const schema = policyJsonSchema() as { properties: object; required: string[]; additionalProperties: boolean };
    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(policySchema.shape).sort());
    expect(schema.required).toContain("margin");
    expect(schema.required).not.toContain("slices");
    expect(schema.additionalProperties).toBe(false);
  });
});

describe("a policy in words", () => {
  it("tells every field of the document", () => {
    const full = policy({
      slices: [{ slice: "billing", margin: 0 }],
      criteria: { tone: { margin: -0.05, judge: { minTpr: 0.9, minTnr: 0.8, minCatch: 0.7 } } },
      signerGroups: [{ name: "medical", people: ["mila@x.test"], signatures: 1 }],
      waivers: { gates: ["judge"], maxDays: 7 },
      freshness: { runs: 30, calibration: null },
    });
    const paths = policyInWords(full).flatMap(({ fields }) => fields.map(({ path }) => path));
    for (const field of Object.keys(policySchema.shape))
      expect(
        paths.some((path) => path.startsWith(field)),
        field,
      ).toBe(true);
    expect(new Set(paths).size).toBe(paths.length);
    expect(JSON.parse(policyText(full))).toEqual(full);
  });

  it("says what is different between two, field by field, and what came or went", () => {
    const before = policy({ slices: [{ slice: "billing", margin: 0 }] });
    const after = policy({
      signers: 2,
      slices: [{ slice: "returns", margin: -0.05 }],
      freshness: { runs: 1, calibration: null },
    });
    expect(policyChanges(before, after)).toEqual([
      { path: "slices.returns", label: "Slice returns", before: null, after: "may be worse by at most 5 pt" },
      { path: "signers", label: "People who must approve", before: "1 person", after: "2 people" },
      { path: "freshness.runs", label: "Runs", before: "any age", after: "at most 1 day" },
      { path: "slices.billing", label: "Slice billing", before: "may not be worse", after: null },
    ]);
    expect(policyChanges(before, before)).toEqual([]);
  });
});

describe("warnings", () => {
  const told = (given: object, known: Partial<PolicyFacts> = {}) =>
    policyWarnings(policy(given), facts(known)).map(({ kind, field, text }) => `${kind} ${field}: ${text}`);

  it("are none for what the project can meet", () => {
    expect(told({})).toEqual([]);
  });

  it.each<[string, object, Partial<PolicyFacts>, RegExp]>([
    [
      "more signers than people",
      { signers: 3 },
      {},
      /^impossible signers: 3 signatures are asked for, and only mila@x.test and max@x.test may sign/,
    ],
    [
      "all signers excluded",
      { excluded: { graders: false, people: ["mila@x.test", "max@x.test"] } },
      {},
      /^impossible signers: .*nobody here may sign/,
    ],
    [
      "those who brought candidates",
      { signers: 2 },
      { contributors: ["mila@x.test"] },
      /^doubtful signers: .*all who may sign but max@x.test brought candidates/,
    ],
    [
      "those who graded",
      { excluded: { graders: true, people: [] } },
      { graders: ["mila@x.test", "max@x.test"] },
      /^doubtful signers: .*brought candidates or graded of late/,
    ],
    [
      "a group of strangers",
      { signerGroups: [{ name: "medical", people: ["dr@y.test"], signatures: 1 }] },
      {},
      /^impossible signerGroups.0: .*medical .*no member: dr@y.test/,
    ],
    [
      "a group without the role",
      { signerGroups: [{ name: "g", people: ["ravi@x.test", "mila@x.test"], signatures: 1 }] },
      {},
      /^doubtful signerGroups.0: .*no release manager: ravi@x.test/,
    ],
    [
      "groups that ask for more",
      { signerGroups: [{ name: "g", people: ["mila@x.test", "max@x.test"], signatures: 2 }] },
      {},
      /^doubtful signers: The groups ask for 2/,
    ],
    [
      "an excluded stranger",
      { excluded: { graders: false, people: ["typo@x.test"] } },
      {},
      /^doubtful excluded.people: No member/,
    ],
    ["an impossible margin", { margin: 1 }, {}, /^impossible margin: .*no candidate is ever better/],
    ["a margin of a criterion", { criteria: { tone: { margin: 0.5 } } }, {}, /^doubtful criteria.tone.margin/],
    ["a margin that lets anything pass", { margin: -0.5 }, {}, /^doubtful margin: .*worse in every third case/],
    ["a judge that never errs", { judge: { minTpr: 1, minTnr: 0.5 } }, {}, /^impossible judge/],
    [
      "more cases than there are",
      { minReviewedCases: 101 },
      {},
      /^doubtful minReviewedCases: No dataset has 101 cases; the largest has 100/,
    ],
    [
      "more graders than people",
      { reviewersPerCase: 4 },
      {},
      /^impossible reviewersPerCase: 4 people must grade each case, and 3/,
    ],
    [
      "a slice that is nowhere",
      { slices: [{ slice: "mars", margin: 0 }] },
      {},
      /^impossible slices.0: No dataset has a slice “mars”/,
    ],
    [
      "a criterion that is none",
      { criteria: { style: { margin: 0 } } },
      {},
      /^doubtful criteria.style: There is no criterion/,
    ],
    [
      "waiving what is not asked",
      { waivers: { gates: ["slices"], maxDays: 3 } },
      {},
      /^doubtful waivers.gates: May be waived, though/,
    ],
    [
      "waiving the veto",
      { waivers: { gates: ["must_pass"], maxDays: 3 } },
      {},
      /^doubtful waivers.gates: A must-pass case/,
    ],
    [
      "runs fresher than releases are",
      { freshness: { runs: 2, calibration: null } },
      {
        ages: [
          { runs: 5, grades: 1 },
          { runs: 9, grades: 1 },
          { runs: 1, grades: 1 },
        ],
      },
      /^doubtful freshness.runs: In 2 of the last 3 releases/,
    ],
    [
      "a limit that never matters",
      { freshness: { runs: 2, calibration: 3 } },
      {},
      /^doubtful freshness.calibration: Grades are always younger/,
    ],
    ["a wide risk", { riskLimit: 0.3 }, {}, /^doubtful riskLimit/],
  ])("tell of %s", (_, given, known, text) => {
    expect(told(given, known)).toEqual([expect.stringMatching(text)]);
  });

  it("come and go with the members", () => {
    const two = { signers: 2 };
    expect(told(two)).toEqual([]);
    expect(told(two, { members: members(["mila", "release_manager"], ["max", "viewer"]) })).toEqual([
      expect.stringContaining("only mila@x.test may sign"),
    ]);
  });
});

describe("who makes a proposal usable", () => {
  const by = { proposedById: 1, tokenMadeById: null };
  it.each<[number[], number[], { proposedById: number | null; tokenMadeById: number | null }, number]>([
    [[2, 3], [1, 2, 3], by, 2],
    [[1, 2], [1, 2, 3], by, 1],
    [[1, 2], [1, 2], by, 2],
    [[1], [1], by, 1],
    [[2, 2], [1, 2, 3], by, 1],
    // Somebody who lost the role since.
    [[2, 9], [1, 2, 3], by, 1],
    [[2, 3], [1, 2, 3, 4], { proposedById: 1, tokenMadeById: 2 }, 1],
    [[1, 2], [1, 2, 3], { proposedById: null, tokenMadeById: null }, 2],
  ])(
    "approvals of %j, where %j may approve what %j proposed, count %i",
    (approvedBy, entitled, proposers, expected) => {
      expect(countApprovals(approvedBy, entitled, proposers)).toBe(expected);
    },
  );
  it("says why somebody may not", () => {
    const given = { entitled: [1, 2, 3], proposers: by, approvedBy: [2] };
    expect(whyNotApprove(1, given)).toContain("You proposed this");
    expect(whyNotApprove(2, given)).toContain("approved this already");
    expect(whyNotApprove(3, given)).toBeNull();
    expect(whyNotApprove(9, given)).toContain("role release manager or administrator");
    expect(whyNotApprove(1, { ...given, entitled: [1, 2] })).toBeNull();
  });
  it("and how it stands", () => {
    const state = (given: object) => proposalState({ version: null, acts: [], baseNumber: 1, newest: 1, ...given });
    expect(state({})).toBe("open");
    expect(state({ newest: 2 })).toBe("outdated");
    expect(state({ baseNumber: null, newest: null })).toBe("open");
    expect(state({ version: 2, newest: 5 })).toBe("approved");
    expect(state({ acts: [{ kind: "approve" }, { kind: "reject" }] })).toBe("rejected");
    expect(state({ acts: [{ kind: "withdraw" }] })).toBe("withdrawn");
  });
});
