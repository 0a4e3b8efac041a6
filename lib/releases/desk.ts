import type { Actor } from "../auth/actor";
import { personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { Prisma } from "../db/generated/client";
import { countDisputes } from "../review/adjudication";
import { hasPlace, selectPace } from "../review/queries";
import { listReleases, type ReleaseRow } from "./queries";
import { blocking, type Gate } from "./rules";
import { whyMayNotSign } from "./sign-off";

export type DeskRelease = Pick<ReleaseRow, "id" | "prompt" | "baseline" | "candidate" | "state">;

export type Desk = {
  /** Cases that wait for this person's grades. `msPerCase`: their pace, before their first grade everybody's; null before anybody's. */
  queues: (DeskRelease & { waiting: number; msPerCase: number | null })[];
  /** Disagreements between graders that this person may settle. */
  disputes: (DeskRelease & { waiting: number })[];
  /** Releases that this person may sign now. */
  signatures: (DeskRelease & { open: Gate[] })[];
  /** Releases that need a release manager, and for what. */
  blocked: (DeskRelease & { need: "draw" | "close" | "gates"; open: Gate[] })[];
  recent: ReleaseRow[];
  /** Nothing was ever imported here. */
  isEmpty: boolean;
};

/** What waits for the person. */
export async function getDesk(actor: Actor): Promise<Desk> {
  permit(actor, "project.read");
  const releases = await listReleases(actor);
  const open = releases.filter(({ state }) => state === "draft" || state === "grading" || state === "ready");
  const [queues, frozen, prompts] = await Promise.all([
    may(actor, "review.grade") ? listQueues(actor) : [],
    frozenGates(actor),
    pool().query("SELECT 1 FROM prompt WHERE project_id = $1 LIMIT 1", [actor.projectId]),
  ]);
  const ready = open.flatMap((release) => {
    const gates = frozen.get(release.id);
    return release.state === "ready" && gates ? [{ ...short(release), open: blocking(gates) }] : [];
  });
  const signatures = [];
  if (may(actor, "release.sign")) {
    for (const release of ready) {
      if ((await whyMayNotSign(actor, release.id)) === null) signatures.push(release);
    }
  }
  const disputes = [];
  if (may(actor, "review.grade")) {
    for (const release of open.filter(({ state }) => state === "grading"))
      disputes.push({ ...short(release), waiting: await countDisputes(actor, release.id) });
  }
  const blocked: Desk["blocked"] = [];
  if (may(actor, "release.draw")) {
    for (const release of open) {
      if (release.state === "draft") blocked.push({ ...short(release), need: "draw", open: [] });
      if (release.state === "grading" && release.graded === release.drawn) {
        blocked.push({ ...short(release), need: "close", open: [] });
      }
    }
    for (const release of ready) {
      if (release.open.length > 0) blocked.push({ ...release, need: "gates" });
    }
  }
  return {
    queues,
    disputes: disputes.filter(({ waiting }) => waiting > 0),
    signatures: signatures.filter((release) => release.open.length === 0),
    blocked,
    recent: releases.filter(({ decidedAt }) => decidedAt !== null).slice(0, 5),
    isEmpty: prompts.rows.length === 0,
  };
}

function short({ id, prompt, baseline, candidate, state }: ReleaseRow): DeskRelease {
  return { id, prompt, baseline, candidate, state };
}

async function listQueues(actor: Actor): Promise<Desk["queues"]> {
  const person = personOf(actor) ?? 0;
  const release = Prisma.sql`r.id`;
  return db.$queryRaw<Desk["queues"]>`
    SELECT r.id, p.name AS prompt, b.key AS baseline, k.key AS candidate, r.state::text, q.waiting,
           coalesce(${selectPace(release, Prisma.sql`${person}`)}, ${selectPace(release)}) AS "msPerCase"
      FROM release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
      JOIN prompt_version k ON k.id = r.candidate_id
     CROSS JOIN LATERAL (
        SELECT count(*)::int AS waiting FROM queue_case d
         WHERE d.release_id = r.id AND d.chosen_by_id IS DISTINCT FROM ${person}
           AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = d.release_id AND rv.case_id = d.case_id AND rv.reviewer_id = ${person})
           AND ${hasPlace(person)}) q
     WHERE r.project_id = ${actor.projectId} AND r.state = 'grading' AND q.waiting > 0
     ORDER BY r.id`;
}

/** The gates of the evidence of every release that waits for signatures. */
async function frozenGates(actor: Actor): Promise<Map<number, Gate[]>> {
  const { rows } = await pool().query<{ id: number; gates: Gate[] }>(
    `SELECT r.id, e.body::json -> 'gates' AS gates
       FROM release r JOIN evidence e ON e.release_id = r.id AND e.digest = r.evidence_digest
      WHERE r.project_id = $1 AND r.state = 'ready'`,
    [actor.projectId],
  );
  return new Map(rows.map(({ id, gates }) => [id, gates]));
}
