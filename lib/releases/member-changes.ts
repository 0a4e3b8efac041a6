import type { NewEvent } from "../audit/append";
import type { Actor, Role } from "../auth/actor";
import * as members from "../auth/members";
import type { Tx } from "../db/transaction";
import { readPolicy } from "./policy-document";
import { factsIn, membersIn } from "./policy-queries";
import { policyWarnings } from "./policy-warnings";

/** Changes of members, with what they do to policies: one that nobody can meet any more is on record, and news. */

/** What a change did to policies: those that nobody can meet any more, by name and version. */
export type Changed = { impossible: string[] };

export async function changeRoles(given: { actor: Actor; input: { userId: number; roles: Role[] } }): Promise<Changed> {
  return told(await members.changeRoles({ ...given, consequences }));
}

export async function removeMember(given: { actor: Actor; input: { userId: number } }): Promise<Changed> {
  return told(await members.removeMember({ ...given, consequences }));
}

function told(events: readonly NewEvent[]): Changed {
  return { impossible: events.map(({ subject }) => subject.name ?? subject.id) };
}

async function consequences(tx: Tx, projectId: number): Promise<() => Promise<NewEvent[]>> {
  const policies = await inUse(tx, projectId);
  const before = await factsIn(tx, projectId);
  const blocked = (document: string, now: typeof before) =>
    policyWarnings(readPolicy(document), now).filter(({ kind }) => kind === "impossible");
  return async () => {
    const after = { ...before, members: await membersIn(tx, projectId) };
    return policies
      .filter(({ document }) => blocked(document, before).length === 0)
      .map((policy) => ({ ...policy, reasons: blocked(policy.document, after).map(({ text }) => text) }))
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ key, number, digest, reasons }) => ({
        action: "policy.impossible",
        subject: { kind: "policy", id: key, name: `${key} ${number}` },
        after: digest,
        details: { key, version: number, reasons },
      }));
  };
}

/** Those that an open release is under, and of the others the newest version, if people approved it or a release had the policy. */
function inUse(tx: Tx, projectId: number) {
  return tx.$queryRaw<{ key: string; number: number; digest: string; document: string }[]>`
    SELECT p.key, p.number, p.digest, p.document FROM policy p
     WHERE p.project_id = ${projectId}
       AND (EXISTS (SELECT 1 FROM release r WHERE r.policy_id = p.id AND r.state IN ('draft', 'grading', 'ready'))
            OR (p.number = (SELECT max(n.number) FROM policy n WHERE n.project_id = p.project_id AND n.key = p.key)
                AND (p.proposal_id IS NOT NULL
                     OR EXISTS (SELECT 1 FROM release r JOIN policy o ON o.id = r.policy_id
                                 WHERE o.project_id = p.project_id AND o.key = p.key))))
     ORDER BY p.key, p.number`;
}
