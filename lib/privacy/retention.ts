import { appendAudit } from "../audit/append";
import { type Actor, systemActor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import type { JsonObject } from "../digest";
import { Fault, notFound } from "../errors";
import { personIn } from "./commands";
import {
  type DecideRetention,
  decideRetentionSchema,
  type Periods,
  type RetentionRequest,
  retentionSchema,
} from "./schema";

/**
 * How long a project keeps what may hold personal data and no decision needs. A rule takes two people, as any removal does;
 * what is due by it goes run by run, in their names, and leaves tombstones (docs/privacy.md).
 */
export type Rule = Periods & {
  id: number;
  reason: string;
  requestedById: number;
  requestedBy: string;
  requestedAt: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
};

/** The rule that is in force, and the one that waits for a second person. */
export async function getRetention(actor: Actor): Promise<{ inForce: Rule | null; waiting: Rule | null }> {
  permit(actor, "project.read");
  const { rows } = await pool().query<Rule & { state: string }>(
    `SELECT t.id, t.runs_days AS "runsDays", t.inputs, t.reason, t.state::text,
            t.requested_by_id AS "requestedById", a.name AS "requestedBy", t.requested_at AS "requestedAt",
            b.name AS "decidedBy", t.decided_at AS "decidedAt"
       FROM retention t JOIN app_user a ON a.id = t.requested_by_id LEFT JOIN app_user b ON b.id = t.decided_by_id
      WHERE t.project_id = $1 AND t.state IN ('requested', 'done') ORDER BY t.id DESC`,
    [actor.projectId],
  );
  const newest = (state: string) => {
    const row = rows.find((row) => row.state === state);
    if (!row) return null;
    const { state: _, ...rule } = row;
    return rule;
  };
  return { inForce: newest("done"), waiting: newest("requested") };
}

/** Asks for other periods. Nothing changes until somebody else approves them. */
export async function requestRetention({
  actor,
  input,
}: {
  actor: Actor;
  input: RetentionRequest;
}): Promise<{ id: number }> {
  permit(actor, "retention.request");
  const requestedById = personIn(actor);
  const given = retentionSchema.parse(input);
  try {
    return await transaction(async (tx) => {
      const { id } = await tx.retention.create({
        data: { projectId: actor.projectId, requestedById, ...given },
        select: { id: true },
      });
      await appendAudit(tx, actor, {
        action: "retention.requested",
        subject: { kind: "retention", id: String(id) },
        details: given,
      });
      return { id };
    });
  } catch (error) {
    if (!violates(error)) throw error;
    throw new Fault("conflict", "Another change waits for approval. Take it back, or have it decided first.");
  }
}

/** Approves the periods, from now on, or refuses them. Not by whoever asked for them. */
export async function decideRetention({ actor, input }: { actor: Actor; input: DecideRetention }): Promise<void> {
  permit(actor, "retention.approve");
  const decidedById = personIn(actor);
  const { id, decision } = decideRetentionSchema.parse(input);
  await transaction(async (tx) => {
    const rule = await lockOpen(tx, actor.projectId, id);
    if (rule.requestedById === decidedById)
      throw new Fault("forbidden", "You asked for it: somebody else has to decide.");
    const state = decision === "approve" ? "done" : "refused";
    await tx.retention.update({ where: { id }, data: { state, decidedById, decidedAt: new Date() } });
    await appendAudit(tx, actor, {
      action: decision === "approve" ? "retention.approved" : "retention.refused",
      subject: { kind: "retention", id: String(id) },
      details: { ...periodsOf(rule), reason: rule.reason, requestedBy: rule.requestedById },
    });
  });
}

/** Takes back what one asked for oneself. */
export async function withdrawRetention({ actor, input }: { actor: Actor; input: { id: number } }): Promise<void> {
  permit(actor, "retention.request");
  const decidedById = personIn(actor);
  await transaction(async (tx) => {
    const rule = await lockOpen(tx, actor.projectId, input.id);
    if (rule.requestedById !== decidedById)
      throw new Fault("forbidden", "Only who asked for it takes it back. You may refuse it.");
    await tx.retention.update({
      where: { id: rule.id },
      data: { state: "withdrawn", decidedById, decidedAt: new Date() },
    });
    await appendAudit(tx, actor, {
      action: "retention.withdrawn",
      subject: { kind: "retention", id: String(rule.id) },
      details: periodsOf(rule),
    });
  });
}

async function lockOpen(tx: Tx, projectId: number, id: number) {
  await tx.$queryRaw`SELECT 1 FROM retention WHERE id = ${id} FOR UPDATE`;
  const rule = await tx.retention.findFirst({ where: { id, projectId } });
  if (!rule) throw notFound("The request");
  if (rule.state !== "requested") throw new Fault("conflict", `This request is ${rule.state} already.`);
  return rule;
}

function periodsOf({ runsDays, inputs }: Periods): Periods {
  return { runsDays, inputs };
}

/** A run `r` of a project whose content is still there and older than so many days. */
const isAged = (project: string, days: string) =>
  `r.project_id = ${project} AND r.removed_at IS NULL AND r.created_at < now() - make_interval(days => ${days}::int)`;

/** Of project $1, older than $2 days. */
const aged = `run r JOIN prompt_version v ON v.id = r.version_id JOIN prompt p ON p.id = v.prompt_id JOIN dataset d ON d.id = r.dataset_id
  WHERE ${isAged("$1", "$2")}`;

export type AgedRun = { id: number; prompt: string; version: string; dataset: string; at: Date; answers: number };
export type HeldRun = AgedRun & {
  /** Releases that rest on it, with their states. */
  releases: { id: number; state: string }[];
  /** Anchor sets that judge its answers again. */
  anchors: string[];
};

export type RetentionDryRun = {
  /** What would go; the lists hold the oldest 50. */
  due: { runs: number; answers: number; inputs: number; oldest: Date | null; newest: Date | null };
  dueRuns: AgedRun[];
  /** Runs that are as old and stay, because something needs them. */
  held: number;
  heldRuns: HeldRun[];
};

/** What periods would remove today, and what they would not although it is old enough. Nothing is stored. */
export async function retentionDryRun(actor: Actor, periods: Periods): Promise<RetentionDryRun> {
  permit(actor, "project.read");
  const { projectId } = actor;
  const { runsDays: days, inputs } = periods;
  const columns = `r.id, p.name AS prompt, v.key AS version, d.name AS dataset, r.created_at AS at, r.output_count AS answers`;
  const [due, dueRuns, held, heldRuns, inputCount] = await Promise.all([
    pool().query<Omit<RetentionDryRun["due"], "inputs">>(
      `SELECT count(*)::int AS runs, coalesce(sum(r.output_count), 0)::int AS answers, min(r.created_at) AS oldest, max(r.created_at) AS newest
         FROM ${aged} AND NOT run_is_held(r.id)`,
      [projectId, days],
    ),
    pool().query<AgedRun>(
      `SELECT ${columns} FROM ${aged} AND NOT run_is_held(r.id) ORDER BY r.created_at, r.id LIMIT 50`,
      [projectId, days],
    ),
    pool().query<{ n: number }>(`SELECT count(*)::int AS n FROM ${aged} AND run_is_held(r.id)`, [projectId, days]),
    pool().query<HeldRun>(
      `SELECT ${columns},
              (SELECT coalesce(json_agg(json_build_object('id', x.id, 'state', x.state) ORDER BY x.id), '[]') FROM release x
                WHERE r.id IN (x.baseline_run_id, x.candidate_run_id) AND x.state <> 'withdrawn') AS releases,
              (SELECT coalesce(json_agg(a.name ORDER BY a.id), '[]') FROM anchor a WHERE a.run_id = r.id) AS anchors
         FROM ${aged} AND run_is_held(r.id) ORDER BY r.created_at, r.id LIMIT 50`,
      [projectId, days],
    ),
    inputs
      ? pool().query<{ n: number }>(
          `WITH due AS (SELECT r.id, r.dataset_id FROM ${aged} AND NOT run_is_held(r.id))
           SELECT count(DISTINCT o.case_id)::int AS n FROM due JOIN output o ON o.run_id = due.id
            WHERE NOT EXISTS (SELECT 1 FROM run x JOIN output y ON y.run_id = x.id AND y.case_id = o.case_id
                               WHERE x.dataset_id = due.dataset_id AND x.removed_at IS NULL AND x.id NOT IN (SELECT id FROM due))`,
          [projectId, days],
        )
      : null,
  ]);
  return {
    due: { ...due.rows[0]!, inputs: inputCount?.rows[0]?.n ?? 0 },
    dueRuns: dueRuns.rows,
    held: held.rows[0]!.n,
    heldRuns: heldRuns.rows,
  };
}

/** Rules in force by which something is due. */
const dueRules = `FROM retention t
  WHERE t.state = 'done' AND NOT EXISTS (SELECT 1 FROM retention n WHERE n.project_id = t.project_id AND n.state = 'done' AND n.id > t.id)
    AND EXISTS (SELECT 1 FROM run r WHERE ${isAged("t.project_id", "t.runs_days")} AND NOT run_is_held(r.id))`;

export async function retentionWaits(): Promise<boolean> {
  return ((await pool().query(`SELECT 1 ${dueRules} LIMIT 1`)).rowCount ?? 0) > 0;
}

/** Of one application of a rule: a transaction that removes more would hold the log's head for too long. */
const runsAtOnce = 5;

/**
 * Removes what is due in one project, a few runs at a time, with one event over all of it.
 *
 * @returns false when nothing is due, or another replica is at it
 */
export async function applyNextRetention(): Promise<boolean> {
  return transaction(async (tx) => {
    const [rule] = await tx.$queryRawUnsafe<(Periods & { id: number; projectId: number; by: number; and: number })[]>(
      `SELECT t.id, t.project_id AS "projectId", t.runs_days AS "runsDays", t.inputs,
              t.requested_by_id AS by, t.decided_by_id AS "and" ${dueRules} ORDER BY t.id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    if (!rule) return false;
    const { projectId, runsDays } = rule;
    // A release that is being made on one of them waits for this, or this for it.
    const old = await tx.$queryRawUnsafe<{ id: number; at: Date }[]>(
      `SELECT r.id, r.created_at AS at FROM run r WHERE ${isAged("$1", "$2")} AND NOT run_is_held(r.id)
        ORDER BY r.created_at, r.id LIMIT ${runsAtOnce} FOR UPDATE OF r SKIP LOCKED`,
      projectId,
      runsDays,
    );
    const removed: JsonObject[] = [];
    let texts = 0;
    const times: number[] = [];
    for (const { id: runId, at } of old) {
      const [now] = await tx.$queryRaw<{ held: boolean }[]>`SELECT run_is_held(${runId}::int) AS held`;
      if (now?.held) continue;
      const { id } = await tx.redaction.create({
        data: {
          ...{ projectId, scope: "run", runId, retentionId: rule.id, requestedById: rule.by },
          reason: `kept for ${runsDays} days`,
        },
        select: { id: true },
      });
      const [done] = await tx.$queryRaw<{ texts: number; digest: string }[]>`
        SELECT texts, digest FROM redact(${id}::int, ${rule.and}::int)`;
      removed.push({ removal: id, run: runId, texts: done!.texts, digest: done!.digest });
      texts += done!.texts;
      times.push(at.getTime());
    }
    if (removed.length === 0) return false;
    await appendAudit(tx, systemActor(projectId, "retention"), {
      action: "retention.applied",
      subject: { kind: "retention", id: String(rule.id) },
      details: {
        ...{ runs: removed.length, texts, removed },
        oldest: new Date(Math.min(...times)).toISOString(),
        newest: new Date(Math.max(...times)).toISOString(),
      },
    });
    return true;
  }, 600_000);
}
