import { z } from "zod";

const share = z.number().min(0).max(1);

/** What a release must meet. Stored as canonical JSON; a change is a new version of the policy. */
export const policySchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  /** How much worse the candidate may be: the delta's lower bound must not lie below it. In proportions, −0.02 = −2 points. */
  margin: z.number().min(-1).max(1),
  /**
   * If the candidate is really worse than the margin, the chance that the delta gate ever says otherwise, however often
   * somebody looks: 1 − the level of the always-valid interval.
   */
  riskLimit: z.number().min(0.001).max(0.5).default(0.05),
  /** Confidence level of every other interval. */
  level: z.number().min(0.5).max(0.999),
  /** Cases with a human label that are needed; never more than can be drawn. */
  minReviewedCases: z.int().min(0).max(1_000_000),
  /** Lower bounds of the judge's TPR and TNR, and, where it is given, of its catch rate on known-bad sentinels. */
  judge: z.strictObject({ minTpr: share, minTnr: share, minCatch: share.optional() }),
  /** How many of the cases in a person's queue are checks on their grading: repeats, and sentinels where some are made. */
  checks: z
    .strictObject({ repeats: z.number().min(0).max(0.5), sentinels: z.number().min(0).max(0.5) })
    .default({ repeats: 0, sentinels: 0 }),
  /** Different people who must approve. */
  signers: z.int().min(1).max(20),
  /** Groups of which so many must be among the signers. People are named by e-mail. */
  signerGroups: z
    .array(
      z.strictObject({
        name: z.string().trim().min(1).max(100),
        people: z.array(z.string().trim().toLowerCase().min(3).max(320)).min(1).max(200),
        signatures: z.int().min(1).max(20),
      }),
    )
    .max(20)
    .default([]),
  /** Who may not sign, beside those who contributed to the candidate: those never may. */
  excluded: z
    .strictObject({
      graders: z.boolean(),
      people: z.array(z.string().trim().toLowerCase().min(3).max(320)).max(200),
    })
    .default({ graders: false, people: [] }),
  /** What an approval may mean; a signer chooses one. Empty: the one sentence that every release has. */
  meanings: z.array(z.string().trim().min(1).max(500)).max(10).default([]),
  /** Whether one refusal decides. Otherwise it stands in the record as dissent, and as many as signers are needed refuse. */
  dissentBlocks: z.boolean().default(true),
  /** How old evidence may be when the grading closes, in days; null: any age. */
  freshness: z
    .strictObject({
      runs: z.number().positive().max(3650).nullable(),
      calibration: z.number().positive().max(3650).nullable(),
    })
    .default({ runs: null, calibration: null }),
  /** Gates that people may waive with a reason, for at most so many days. */
  waivers: z
    .strictObject({
      gates: z.array(z.enum(["must_pass", "delta", "judge", "reviews", "slices", "freshness"])).max(20),
      maxDays: z.number().positive().max(3650),
    })
    .default({ gates: [], maxDays: 30 }),
  /** What differs for one criterion, by its key. */
  criteria: z
    .record(
      z.string().min(1).max(500),
      z.strictObject({
        margin: z.number().min(-1).max(1).optional(),
        judge: z.strictObject({ minTpr: share, minTnr: share, minCatch: share.optional() }).optional(),
      }),
    )
    .default({}),
  /** Slices with a margin of their own on the primary criterion. */
  slices: z
    .array(z.strictObject({ slice: z.string().min(1).max(500), margin: z.number().min(-1).max(1) }))
    .max(100)
    .default([]),
  /** People who grade each drawn case. */
  reviewersPerCase: z.int().min(1).max(20),
  /** Whether a must-pass case that fails stops the release. */
  mustPass: z.boolean(),
});

export type PolicyDocument = z.infer<typeof policySchema>;

export const standardPolicies = {
  standard: policySchema.parse({
    name: "Standard",
    margin: -0.02,
    riskLimit: 0.05,
    level: 0.95,
    minReviewedCases: 40,
    judge: { minTpr: 0.8, minTnr: 0.6 },
    checks: { repeats: 0.05, sentinels: 0.05 },
    signers: 1,
    reviewersPerCase: 1,
    mustPass: true,
  }),
  strict: policySchema.parse({
    name: "Strict",
    margin: 0,
    riskLimit: 0.05,
    level: 0.95,
    minReviewedCases: 80,
    judge: { minTpr: 0.9, minTnr: 0.75 },
    checks: { repeats: 0.05, sentinels: 0.05 },
    signers: 2,
    reviewersPerCase: 1,
    mustPass: true,
  }),
};

/** Reads a stored document. */
export function readPolicy(document: string): PolicyDocument {
  return policySchema.parse(JSON.parse(document));
}

/** The policy as it is for one criterion: with its margin and its limits for the judge, where it names some. */
export function policyFor(policy: PolicyDocument, criterion: string): PolicyDocument {
  const own = Object.hasOwn(policy.criteria, criterion) ? policy.criteria[criterion] : undefined;
  return { ...policy, margin: own?.margin ?? policy.margin, judge: own?.judge ?? policy.judge };
}

/** Words of addresses that lead elsewhere. */
const reserved = ["new", "proposals", "schema"];

/** Of a policy: a word for addresses and commands. */
export const policyKeySchema = z
  .string()
  .trim()
  .min(1, "A policy needs a key.")
  .max(100)
  .regex(/^[a-z0-9][a-z0-9._-]*$/, "Small letters, digits, dots, dashes and underscores, such as medical-advice.")
  .refine((key) => !reserved.includes(key), "This word is taken. Choose another key.");

/** The form of a document, for editors and programs (JSON Schema, draft 2020-12). What may be left out has its default there. */
export function policyJsonSchema(): Record<string, unknown> {
  return { title: "Policy", ...z.toJSONSchema(policySchema, { io: "input" }) };
}

/** A document that somebody writes now: what the stored form can't say of itself, each at its field. */
export const policyDraftSchema = policySchema.superRefine((policy, context) => {
  const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  const twice = (names: readonly string[], path: string, of?: string) =>
    names.forEach((name, i) => {
      if (names.indexOf(name) < i) wrong(of ? [path, i, of] : [path, i], `“${name}” stands here twice.`);
    });
  twice(
    policy.slices.map(({ slice }) => slice),
    "slices",
    "slice",
  );
  twice(
    policy.signerGroups.map(({ name }) => name),
    "signerGroups",
    "name",
  );
  twice(policy.meanings, "meanings");
});
