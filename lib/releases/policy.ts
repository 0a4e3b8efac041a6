import { appendAudit } from "../audit/append";
import { systemActor } from "../auth/actor";
import type { Tx } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { standardPolicies } from "./policy-document";

export { type PolicyDocument, policySchema, readPolicy, standardPolicies } from "./policy-document";

export const policyCreator = "countersign";

/** Gives a project the policies it starts with, as version 1, each on record; does nothing where they exist. */
export async function ensurePolicies(tx: Tx, projectId: number): Promise<void> {
  const rows = Object.entries(standardPolicies).map(([key, policy]) => {
    const document = canonicalJson(policy);
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
