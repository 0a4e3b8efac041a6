import type { Actor } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { quickQuery, type Tx, transaction } from "../db/transaction";
import { Fault, notFound } from "../errors";
import type { Opened } from "./opened";
import { type Plan, planRelease } from "./plan";
import { ensurePolicies, type PolicyDocument, readPolicy } from "./policy";
import type { GivenWaiver, SignOffDecision } from "./schema";

export type ReleaseState = "draft" | "grading" | "ready" | "approved" | "refused" | "withdrawn";

export type ReleaseRow = {
  id: number;
  state: ReleaseState;
  prompt: string;
  baseline: string;
  candidate: string;
  message: string | null;
  dataset: string;
  policy: string;
  createdBy: string;
  createdAt: Date;
  decidedAt: Date | null;
  drawn: number;
  /** Drawn cases that somebody has graded. */
  graded: number;
};

const rowColumns = `r.id, r.state, p.name AS prompt, b.key AS baseline, k.key AS candidate, k.message,
  d.name AS dataset, po.key AS policy, r.created_by AS "createdBy", r.created_at AS "createdAt", r.decided_at AS "decidedAt",
  (SELECT count(*)::int FROM draw x WHERE x.release_id = r.id) AS drawn,
  (SELECT count(DISTINCT d.case_id)::int FROM review rv JOIN draw d USING (release_id, case_id) WHERE rv.release_id = r.id) AS graded`;
const rowTables = `release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
  JOIN prompt_version k ON k.id = r.candidate_id JOIN dataset d ON d.id = r.dataset_id JOIN policy po ON po.id = r.policy_id`;

/** The project's releases, newest first; `before` is the id to go on from. At most 200. */
export async function listReleases(
  actor: Actor,
  input: { state?: ReleaseState; before?: number; limit?: number } = {},
): Promise<ReleaseRow[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<ReleaseRow>(
    `SELECT ${rowColumns} FROM ${rowTables}
      WHERE r.project_id = $1 AND ($2::release_state IS NULL OR r.state = $2::release_state) AND r.id < $3
      ORDER BY r.id DESC LIMIT $4`,
    [actor.projectId, input.state ?? null, input.before ?? 2_147_483_647, Math.min(input.limit ?? 200, 200)],
  );
  return rows;
}

export type ReleaseBetween = Pick<ReleaseRow, "id" | "state" | "baseline" | "candidate" | "createdAt">;

/** The releases between two versions of a prompt, whichever of them was to be replaced, newest first; at most 20. */
export async function listReleasesBetween(
  actor: Actor,
  input: { prompt: string; versions: [string, string] },
): Promise<ReleaseBetween[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<ReleaseBetween>(
    `SELECT r.id, r.state, b.key AS baseline, k.key AS candidate, r.created_at AS "createdAt" FROM ${rowTables}
      WHERE r.project_id = $1 AND p.name = $2 AND (b.key, k.key) IN (($3, $4), ($4, $3)) ORDER BY r.id DESC LIMIT 20`,
    [actor.projectId, input.prompt, ...input.versions],
  );
  return rows;
}

export type ReleaseHead = ReleaseRow & {
  label: string | null;
  policyNumber: number;
  policyDocument: PolicyDocument;
  evidenceDigest: string | null;
  /** The permanent decision, once there is one. */
  decision: { id: number; outcome: "approved" | "refused"; auditIndex: number; decidedAt: Date } | null;
  criteria: { id: number; key: string; name: string; rubric: string; judge: string | null }[];
};

/** What stands above every tab of a release. */
export async function getRelease(actor: Actor, id: number): Promise<ReleaseHead> {
  permit(actor, "project.read");
  const { rows } = await quickQuery<Omit<ReleaseHead, "policyDocument"> & { document: string }>(
    `SELECT ${rowColumns}, r.label, po.number AS "policyNumber", po.document, r.evidence_digest AS "evidenceDigest",
            (SELECT json_build_object('id', x.id, 'outcome', x.outcome, 'auditIndex', x.audit_index, 'decidedAt', x.decided_at)
               FROM decision x WHERE x.release_id = r.id) AS decision,
            coalesce((SELECT json_agg(json_build_object('id', c.id, 'key', c.key, 'name', c.name, 'rubric', c.rubric, 'judge', j.key) ORDER BY rc.position)
               FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id
               LEFT JOIN judge_version jv ON jv.id = rc.judge_version_id LEFT JOIN judge j ON j.id = jv.judge_id
              WHERE rc.release_id = r.id), '[]') AS criteria
       FROM ${rowTables} WHERE r.id = $1 AND r.project_id = $2`,
    [id, actor.projectId],
  );
  const row = rows[0];
  if (!row) throw notFound("The release");
  const { document, decision, ...head } = row;
  return {
    ...head,
    decision: decision && { ...decision, decidedAt: new Date(decision.decidedAt) },
    policyDocument: readPolicy(document),
  };
}

export type SignOffRow = {
  id: number;
  userId: number;
  name: string;
  email: string;
  decision: SignOffDecision;
  meaning: string;
  reason: string;
  roles: string[];
  reauthentication: string;
  evidenceDigest: string;
  waivers: GivenWaiver[];
  /** What the signer had opened of the evidence. */
  opened: Opened[];
  /** True when it was given on evidence that is no longer what the release rests on. */
  stale: boolean;
  /** Taken back by its giver. */
  withdrawn: { at: string; reason: string } | null;
  at: string;
};

/** True for a signature that counts: on this evidence, and not taken back. */
export function counts({ stale, withdrawn }: Pick<SignOffRow, "stale" | "withdrawn">): boolean {
  return !stale && withdrawn === null;
}

/** Every signature on a release, oldest first. The caller has checked that the release is the actor's project's. */
export async function listSignOffs(tx: Tx, releaseId: number, evidenceDigest: string | null): Promise<SignOffRow[]> {
  const rows = await tx.signOff.findMany({
    where: { releaseId },
    include: { withdrawal: true },
    orderBy: { id: "asc" },
  });
  const people = await tx.user.findMany({
    where: { id: { in: rows.map(({ userId }) => userId) } },
    select: { id: true, email: true },
  });
  const emails = new Map(people.map(({ id, email }) => [id, email]));
  return rows.map((row) => ({
    id: row.id,
    userId: row.userId,
    name: row.printedName,
    email: emails.get(row.userId) ?? "",
    decision: row.decision,
    meaning: row.meaning,
    reason: row.reason,
    roles: row.roles,
    reauthentication: row.reauthentication,
    evidenceDigest: row.evidenceDigest,
    waivers: JSON.parse(row.waivers),
    opened: JSON.parse(row.opened),
    stale: row.evidenceDigest !== evidenceDigest,
    withdrawn: row.withdrawal && { at: row.withdrawal.withdrawnAt.toISOString(), reason: row.withdrawal.reason },
    at: row.createdAt.toISOString(),
  }));
}

export type HistoryEntry = { index: number; at: Date; action: string; actor: string; details: Record<string, unknown> };

/** What happened to a release: its changes of state and signatures; with `audit.read`, on request, every event. */
export async function listHistory(
  actor: Actor,
  id: number,
  input: { before?: number; everything?: boolean } = {},
): Promise<{ entries: HistoryEntry[]; complete: boolean; mayReadAll: boolean; next: number | null }> {
  permit(actor, "project.read");
  const release = await db.release.findFirst({ where: { id, projectId: actor.projectId }, select: { id: true } });
  if (!release) throw notFound("The release");
  const mayReadAll = may(actor, "audit.read");
  const complete = mayReadAll && input.everything === true;
  const { rows } = await pool().query<Omit<HistoryEntry, "details"> & { leaf: Buffer }>(
    `SELECT "index", at, action, actor, leaf FROM audit_entry
      WHERE project_id = $1 AND (subject = $2 OR subject LIKE $2 || ' %')
        AND ($3 OR action = ANY ($4)) AND "index" < $5
      ORDER BY "index" DESC LIMIT 101`,
    [actor.projectId, `release:${id}`, complete, publicActions, input.before ?? 2_147_483_647],
  );
  const entries = rows.slice(0, 100).map(({ leaf, ...entry }) => ({ ...entry, details: readDetails(leaf) }));
  return { entries, complete, mayReadAll, next: rows.length > 100 ? (entries.at(-1)?.index ?? null) : null };
}

const publicActions = [
  "release.created",
  "release.drawn",
  "release.closed",
  "release.reopened",
  "release.withdrawn",
  "release.signed_off",
  "release.refused",
  "sign_off.given",
  "sign_off.withdrawn",
];

function readDetails(leaf: Buffer): Record<string, unknown> {
  const event = JSON.parse(leaf.toString("utf8")) as { details?: Record<string, unknown> };
  return event.details ?? {};
}

/** The evidence of a release as it was frozen: the exact text under the digest, or the current one. */
export async function getEvidence(
  actor: Actor,
  releaseId: number,
  digest?: string,
): Promise<{ digest: string; body: string; createdBy: string; createdAt: Date }> {
  permit(actor, "project.read");
  const release = await db.release.findFirst({
    where: { id: releaseId, projectId: actor.projectId },
    select: { evidenceDigest: true },
  });
  if (!release) throw notFound("The release");
  const wanted = digest ?? release.evidenceDigest;
  const evidence = wanted
    ? await db.evidence.findUnique({ where: { releaseId_digest: { releaseId, digest: wanted } } })
    : null;
  if (!evidence) throw notFound("The evidence");
  const { body, createdBy, createdAt } = evidence;
  return { digest: evidence.digest, body, createdBy, createdAt };
}

export type ReleaseChoices = {
  prompts: string[];
  versions: { key: string; number: number; message: string | null; labels: string[]; runs: number }[];
  datasets: string[];
  criteria: { key: string; name: string; judges: string[] }[];
  policies: { key: string; number: number; document: PolicyDocument }[];
  /** What would be created, or why nothing can be. */
  plan: Plan | null;
  problem: { message: string; field?: string } | null;
};

export type ReleaseDraft = { prompt?: string; baseline?: string; candidate?: string; dataset?: string };

const versionWithRuns = {
  id: true,
  key: true,
  number: true,
  message: true,
  labels: { select: { name: true, protected: true } },
  runs: { select: { datasetId: true, dataset: { select: { name: true } } } },
} as const;

/**
 * What the form offers for what is chosen so far, with defaults filled in: the only prompt, the version that holds a
 * protected label as baseline, the newest version with a run as candidate, and what `createRelease` would choose.
 */
export async function releaseChoices(
  actor: Actor,
  asked: ReleaseDraft,
): Promise<{ draft: ReleaseDraft; choices: ReleaseChoices }> {
  permit(actor, "release.create");
  const { projectId } = actor;
  await transaction((tx) => ensurePolicies(tx, projectId));
  const prompts = await db.prompt.findMany({
    where: { projectId },
    select: { id: true, name: true },
    orderBy: { name: "asc" },
  });
  const prompt = prompts.find(({ name }) => name === asked.prompt) ?? (prompts.length === 1 ? prompts[0] : undefined);
  const versions = prompt
    ? await db.promptVersion.findMany({
        where: { promptId: prompt.id },
        select: versionWithRuns,
        orderBy: { number: "desc" },
      })
    : [];
  const withRun = versions.filter(({ runs }) => runs.length > 0);
  const labelled = withRun.find(({ labels }) => labels.some((label) => label.protected));
  const candidate = asked.candidate ?? withRun.find(({ id }) => id !== labelled?.id)?.key;
  const baseline = asked.baseline ?? labelled?.key ?? withRun.find(({ key }) => key !== candidate)?.key;
  const draft = { ...asked, prompt: prompt?.name, baseline, candidate };

  const runsOf = (key?: string) => versions.find((version) => version.key === key)?.runs ?? [];
  const inCandidate = new Set(runsOf(candidate).map(({ datasetId }) => datasetId));
  const datasets = new Set(
    runsOf(baseline).flatMap(({ datasetId, dataset }) => (inCandidate.has(datasetId) ? [dataset.name] : [])),
  );
  const policies = await db.policy.findMany({
    where: { projectId },
    select: { key: true, number: true, document: true },
    orderBy: [{ key: "asc" }, { number: "desc" }],
    distinct: ["key"],
  });
  let plan: Plan | null = null;
  let problem: ReleaseChoices["problem"] = null;
  if (prompt && baseline && candidate) {
    try {
      plan = await planRelease(db, projectId, { ...draft, prompt: prompt.name, baseline, candidate });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problem = { message: error.message, field: error.place.field };
    }
  } else if (prompt && withRun.length < 2) {
    problem = { message: "Two versions of this prompt need a run. Import results first." };
  }
  const choices = {
    prompts: prompts.map(({ name }) => name),
    versions: versions.map(({ key, number, message, labels, runs }) => ({
      key,
      number,
      message,
      labels: labels.map(({ name }) => name),
      runs: runs.length,
    })),
    datasets: [...datasets].sort(),
    criteria: plan ? await criteriaOf(projectId, plan) : [],
    policies: policies.map(({ document, ...policy }) => ({ ...policy, document: readPolicy(document) })),
    plan,
    problem,
  };
  return { draft, choices };
}

/** The project's criteria with the judges that judged both runs of the plan. */
async function criteriaOf(projectId: number, plan: Plan): Promise<ReleaseChoices["criteria"]> {
  const { rows } = await pool().query<ReleaseChoices["criteria"][number]>(
    `SELECT c.key, c.name, ARRAY(
              SELECT DISTINCT j.key FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
               WHERE jv.criterion_id = c.id AND ((SELECT count(*) FROM run_judge rj
                       WHERE rj.judge_version_id = jv.id AND rj.run_id = ANY ($2::int[])) = 2
                  OR EXISTS (SELECT 1 FROM run_pair_judge pj WHERE pj.judge_version_id = jv.id
                       AND ARRAY[pj.first_run_id, pj.second_run_id] <@ $2::int[]))) AS judges
       FROM criterion c WHERE c.project_id = $1 ORDER BY c.id`,
    [projectId, [plan.baselineRunId, plan.candidateRunId]],
  );
  return rows;
}
