import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import type { Tx } from "../db/transaction";
import { notFound } from "../errors";
import { type Contributions, reasonsAgainst } from "./contributors";
import { type PolicyDocument, readPolicy } from "./policy-document";

/** Everybody who took part in a release's candidate: the one place that gathers it, for the page and for signing. */
export async function contributionsTo(tx: Tx, releaseId: number, policy: PolicyDocument): Promise<Contributions> {
  type Version = Contributions["versions"][number];
  // Back from the candidate along its parents, up to what was in use or approved before: the baseline, what the baseline
  // was made from, or the candidate of an approved release.
  const versions = await tx.$queryRaw<Version[]>`
    WITH RECURSIVE known AS (
      SELECT v.id, v.parent_id FROM release r JOIN prompt_version v ON v.id = r.baseline_id WHERE r.id = ${releaseId}
      UNION SELECT v.id, v.parent_id FROM known k JOIN prompt_version v ON v.id = k.parent_id
    ), made AS (
      SELECT v.id, v.parent_id, 0 AS step FROM release r JOIN prompt_version v ON v.id = r.candidate_id WHERE r.id = ${releaseId}
      UNION ALL
      SELECT v.id, v.parent_id, m.step + 1 FROM made m JOIN prompt_version v ON v.id = m.parent_id
       WHERE v.id NOT IN (SELECT id FROM known)
         AND NOT EXISTS (SELECT 1 FROM release r WHERE r.candidate_id = v.id AND r.state = 'approved')
    )
    SELECT v.key, v.author, v.contributor_id AS "contributorId" FROM made m JOIN prompt_version v ON v.id = m.id ORDER BY m.step`;
  const [rest] = await tx.$queryRaw<{ importer: number | null; graders: number[]; projectId: number }[]>`
    SELECT i.created_by_id AS importer, r.project_id AS "projectId", ARRAY(
             SELECT rv.reviewer_id FROM review rv WHERE rv.release_id = r.id
              UNION SELECT t.adjudicator_id FROM adjudication_task t WHERE t.release_id = r.id AND t.completed_at IS NOT NULL) AS graders
      FROM release r JOIN run ON run.id = r.candidate_run_id LEFT JOIN import i ON i.id = run.import_id WHERE r.id = ${releaseId}`;
  // Revoked tokens too: they may have been used before.
  const tokens = await tx.$queryRaw<{ ownerId: number; owner: string; makerId: number }[]>`
    SELECT DISTINCT t.user_id AS "ownerId", u.name AS owner, t.created_by_id AS "makerId" FROM api_token t JOIN app_user u ON u.id = t.user_id
     WHERE t.project_id = ${rest!.projectId} AND t.created_by_id <> t.user_id`;
  return { versions, runImportedById: rest!.importer, graders: rest!.graders, tokens, excluded: policy.excluded };
}

export type Signer = {
  userId: number;
  name: string;
  email: string;
  /** What stands in the way, as what they did; empty: they may sign. */
  against: string[];
  /** Groups of the policy that the person belongs to. */
  groups: string[];
};

/** Every release manager of the project, whether they may sign this release, and why not. By name. */
export async function listSigners(actor: Actor, releaseId: number): Promise<Signer[]> {
  permit(actor, "project.read");
  const release = await db.release.findFirst({
    where: { id: releaseId, projectId: actor.projectId },
    select: { policy: { select: { document: true } } },
  });
  if (!release) throw notFound("The release");
  const policy = readPolicy(release.policy.document);
  const [contributions, members] = await Promise.all([
    contributionsTo(db, releaseId, policy),
    db.membership.findMany({
      where: { projectId: actor.projectId, roles: { has: "release_manager" }, user: { disabledAt: null } },
      select: { user: { select: { id: true, name: true, email: true } } },
      orderBy: { user: { name: "asc" } },
    }),
  ]);
  return members.map(({ user: { id: userId, name, email } }) => ({
    ...{ userId, name, email },
    against: reasonsAgainst({ userId, name, email }, contributions),
    groups: policy.signerGroups.filter(({ people }) => people.includes(email.toLowerCase())).map((group) => group.name),
  }));
}
