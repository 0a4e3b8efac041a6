import type { PolicyDocument } from "./policy-document";
import { count, listed, margin, ofHundredAtMost } from "./words";

/** A policy, field by field, in words; and two of them against each other. Pure. */

export type PolicyField = {
  /** Where it stands in the document. */
  path: string;
  label: string;
  text: string;
};

export type PolicyPart = { title: string; fields: PolicyField[] };

type Waivable = PolicyDocument["waivers"]["gates"][number];
export const waivableGates: Record<Waivable, string> = {
  must_pass: "must-pass cases",
  delta: "margin",
  judge: "judge",
  reviews: "number of grades",
  slices: "slices",
  freshness: "age of the evidence",
};

/** What a margin lets happen. */
function allows(value: number): string {
  const points = margin(Math.abs(value)).replace("+", "");
  if (value === 0) return "may not be worse";
  return value < 0 ? `may be worse by at most ${points}` : `must be better by at least ${points}`;
}

const share = (value: number) => `${Math.round(value * 1000) / 10} %`;
const oneOf = (given: boolean, yes: string, no: string) => (given ? yes : no);
const everyone = (people: readonly string[]) => listed(people, people.length);

function judgeFields(at: string, judge: PolicyDocument["judge"]): PolicyField[] {
  const field = (name: string, label: string, text: string) => ({ path: `${at}.${name}`, label, text });
  return [
    field("minTpr", "Good answers the judge must pass", `at least ${share(judge.minTpr)}`),
    field("minTnr", "Bad answers the judge must catch", `at least ${share(judge.minTnr)}`),
    field(
      "minCatch",
      "Known-bad sentinels the judge must catch",
      judge.minCatch === undefined ? "not asked for" : `at least ${share(judge.minCatch)}`,
    ),
  ];
}

/** What a policy asks for, in the order of the form. What it leaves out says so, or is not there. */
export function policyInWords(policy: PolicyDocument): PolicyPart[] {
  const { excluded, freshness, waivers } = policy;
  const days = (n: number | null) => (n === null ? "any age" : `at most ${count(n, "day")}`);
  return [
    { title: "Policy", fields: [{ path: "name", label: "Name", text: policy.name }] },
    {
      title: "The difference",
      fields: [
        { path: "margin", label: "Margin", text: `the candidate ${allows(policy.margin)}` },
        {
          path: "riskLimit",
          label: "Risk limit",
          text: `at most ${ofHundredAtMost(policy.riskLimit)} of 100 worse releases get through`,
        },
        { path: "level", label: "Confidence of the other intervals", text: share(policy.level) },
        ...policy.slices.map((row) => ({
          path: `slices.${row.slice}`,
          label: `Slice ${row.slice}`,
          text: allows(row.margin),
        })),
      ],
    },
    {
      title: "Grades",
      fields: [
        {
          path: "minReviewedCases",
          label: "Cases that people grade",
          text: `at least ${count(policy.minReviewedCases, "case")}`,
        },
        {
          path: "reviewersPerCase",
          label: "People per case",
          text: count(policy.reviewersPerCase, "person", "people"),
        },
        {
          path: "mustPass",
          label: "Must-pass cases",
          text: oneOf(policy.mustPass, "one that fails stops the release", "stop nothing"),
        },
        {
          path: "checks.repeats",
          label: "Cases shown a second time",
          text: `${share(policy.checks.repeats)} of a queue`,
        },
        {
          path: "checks.sentinels",
          label: "Sentinels in the queue",
          text: `${share(policy.checks.sentinels)} of a queue`,
        },
      ],
    },
    { title: "The judge", fields: judgeFields("judge", policy.judge) },
    {
      title: "What differs for a criterion",
      fields: Object.entries(policy.criteria).flatMap(([key, own]) => [
        ...(own.margin === undefined
          ? []
          : [
              {
                path: `criteria.${key}.margin`,
                label: `${key}: margin`,
                text: allows(own.margin),
              },
            ]),
        ...(own.judge === undefined
          ? []
          : judgeFields(`criteria.${key}.judge`, own.judge).map((field) => ({
              ...field,
              label: `${key}: ${field.label.toLowerCase()}`,
            }))),
      ]),
    },
    {
      title: "Signatures",
      fields: [
        { path: "signers", label: "People who must approve", text: count(policy.signers, "person", "people") },
        ...policy.signerGroups.map((group) => ({
          path: `signerGroups.${group.name}`,
          label: `Group ${group.name}`,
          text: `${group.signatures} of ${everyone(group.people)}`,
        })),
        {
          path: "excluded.graders",
          label: "People who graded",
          text: oneOf(excluded.graders, "may not sign", "may sign"),
        },
        {
          path: "excluded.people",
          label: "People who may not sign",
          text: excluded.people.length > 0 ? everyone(excluded.people) : "nobody, contributors aside",
        },
        {
          path: "meanings",
          label: "What an approval may mean",
          text:
            policy.meanings.length > 0
              ? policy.meanings.map((meaning) => `“${meaning}”`).join("; ")
              : "the usual sentences",
        },
        {
          path: "dissentBlocks",
          label: "A refusal",
          text: oneOf(
            policy.dissentBlocks,
            "decides alone",
            `is kept as dissent; ${count(policy.signers, "refusal")} refuse`,
          ),
        },
      ],
    },
    {
      title: "Age of the evidence",
      fields: [
        { path: "freshness.runs", label: "Runs", text: days(freshness.runs) },
        { path: "freshness.calibration", label: "Grades that calibrate a judge", text: days(freshness.calibration) },
      ],
    },
    {
      title: "Waivers",
      fields: [
        {
          path: "waivers.gates",
          label: "Gates that may be waived",
          text: waivers.gates.length > 0 ? everyone(waivers.gates.map((gate) => waivableGates[gate])) : "none",
        },
        ...(waivers.gates.length > 0
          ? [{ path: "waivers.maxDays", label: "For how long", text: `at most ${count(waivers.maxDays, "day")}` }]
          : []),
      ],
    },
  ].filter(({ fields }) => fields.length > 0);
}

export type PolicyChange = {
  path: string;
  label: string;
  /** Null: it is not there. */
  before: string | null;
  after: string | null;
};

/** What differs between two versions, field by field, in the order of the form. */
export function policyChanges(before: PolicyDocument | null, after: PolicyDocument): PolicyChange[] {
  const fieldsOf = (policy: PolicyDocument | null) =>
    new Map(policy === null ? [] : policyInWords(policy).flatMap(({ fields }) => fields.map((row) => [row.path, row])));
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const paths = [...now.keys(), ...[...old.keys()].filter((path) => !now.has(path))];
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (was?.text === is?.text) return [];
    return [{ path, label: (is ?? was)!.label, before: was?.text ?? null, after: is?.text ?? null }];
  });
}

/** The document as it is shown and compared line by line: fields in the order of the schema, one a line. */
export function policyText(policy: PolicyDocument): string {
  return JSON.stringify(policy, null, 2);
}
