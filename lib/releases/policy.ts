import { z } from "zod";
import { appendAudit } from "../audit/append";
import { systemActor } from "../auth/actor";
import type { Tx } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";

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
  /** People who grade each drawn case. */
  reviewersPerCase: z.int().min(1).max(20),
  /** Whether a must-pass case that fails stops the release. */
  mustPass: z.boolean(),
});

export type PolicyDocument = z.infer<typeof policySchema>;

export const standardPolicies: Record<string, PolicyDocument> = {
  standard: {
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
  },
  strict: {
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
  },
};

export const policyCreator = "countersign";

/** Gives a project the policies it starts with, as version 1, each on record; does nothing where they exist. */
export async function ensurePolicies(tx: Tx, projectId: number): Promise<void> {
  const rows = Object.entries(standardPolicies).map(([key, policy]) => {
    const document = canonicalJson(policySchema.parse(policy));
    return { projectId, key, number: 1, document, digest: sha256Hex(document), createdBy: policyCreator };
  });
  const created = await tx.policy.createManyAndReturn({ data: rows, skipDuplicates: true });
  for (const { id, key, number, digest } of created) {
    await appendAudit(tx, systemActor(projectId), {
      action: "policy.created",
      subject: { kind: "policy", id: String(id), name: `${key} ${number}` },
      after: digest,
    });
  }
}

/** Reads a stored document. */
export function readPolicy(document: string): PolicyDocument {
  return policySchema.parse(JSON.parse(document));
}
