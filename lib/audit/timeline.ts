import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { notFound } from "../errors";
import type { AuditEvent } from "./leaf";
import { keyOf, readEvent, subjectKey } from "./search";

/** One thing that happened: an entry of the log, or many of one kind that followed each other, such as grades. */
export type Moment = {
  /** Of its first entry; newest last. */
  index: number;
  lastIndex: number;
  count: number;
  at: Date;
  until: Date;
  action: string;
  /** Names of whoever did it, in order of appearance. */
  by: string[];
  /** The first entry's. */
  event: AuditEvent | null;
  /** What follows from it, in words; only the log's own facts. */
  follows: string | null;
};

export type Timeline = {
  decision: { id: number; releaseId: number; outcome: string; auditIndex: number };
  prompt: string;
  baseline: string;
  candidate: string;
  moments: Moment[];
};

/** Events that come by the hundred: those that follow each other are told as one. */
const together = [
  "review.given",
  "review.superseded",
  "review.skipped",
  "check.graded",
  "evidence.opened",
  "case.tagged",
  "hunk.attributed",
];
/** Of them those that go on in turns: who grades says after each case why, and another grades meanwhile. */
const inTurns = ["review.given", "hunk.attributed"];

/**
 * How a decision came about and what became of it, from the audit log alone: the entries of its release, and moves of
 * labels to or from its candidate.
 */
export async function decisionTimeline(actor: Actor, decisionId: number): Promise<Timeline> {
  permit(actor, "audit.read");
  const decision = await db.decision.findFirst({
    where: { id: decisionId, release: { projectId: actor.projectId } },
    select: {
      ...{ id: true, releaseId: true, outcome: true, auditIndex: true },
      release: {
        select: {
          prompt: { select: { name: true, labels: { select: { name: true } } } },
          baseline: { select: { key: true } },
          candidate: { select: { key: true, digest: true } },
        },
      },
    },
  });
  if (!decision) throw notFound("The decision");
  const { release, ...head } = decision;
  const { prompt, candidate } = release;
  const labels = prompt.labels.map(({ name }) => `label:${prompt.name}/${name}`);
  const { rows } = await pool().query<{ index: number; at: Date; action: string; leaf: Buffer }>(
    `SELECT "index", at, action, leaf FROM audit_entry
      WHERE project_id = $1 AND ${subjectKey} = ANY ($2)
        AND (${subjectKey} = $3 OR (subject = ANY ($4) AND position($5::bytea IN leaf) > 0)) ORDER BY "index"`,
    [
      actor.projectId,
      [`release:${head.releaseId}`, ...labels.map(keyOf)],
      `release:${head.releaseId}`,
      labels,
      Buffer.from(candidate.digest),
    ],
  );
  return {
    decision: head,
    prompt: prompt.name,
    baseline: release.baseline.key,
    candidate: candidate.key,
    moments: momentsOf(rows.map(({ leaf, ...row }) => ({ ...row, event: readEvent(leaf) }))),
  };
}

type Entry = { index: number; at: Date; action: string; event: AuditEvent | null };

function momentsOf(entries: readonly Entry[]): Moment[] {
  const moments: Moment[] = [];
  for (const { index, at, action, event } of entries) {
    const name = event?.actor.name ?? "";
    const last = goesOn(moments, action, name);
    if (last) {
      last.count += 1;
      last.lastIndex = index;
      last.until = at;
      if (!last.by.includes(name)) last.by.push(name);
    } else {
      moments.push({ index, lastIndex: index, count: 1, at, until: at, action, by: [name], event, follows: null });
    }
  }
  return withConsequences(moments);
}

/** The moment that an entry belongs to, if it is one more of the same. Reasons are one person's. */
function goesOn(moments: readonly Moment[], action: string, name: string): Moment | undefined {
  if (!together.includes(action)) return;
  const turns = inTurns.includes(action);
  for (const moment of moments.toReversed()) {
    if (moment.action === action && (action !== "hunk.attributed" || moment.by[0] === name)) return moment;
    if (!turns || !inTurns.includes(moment.action)) return;
  }
}

/** Signatures on evidence that was frozen anew are stale from then on: the log says it by the digests. */
function withConsequences(moments: Moment[]): Moment[] {
  let signed: { digest: string; by: string }[] = [];
  for (const moment of moments) {
    const { action, event } = moment;
    if (action === "sign_off.given" || action === "release.signed_off")
      signed.push({ digest: event?.after ?? "", by: moment.by[0] ?? "" });
    if (action !== "release.closed" || !event?.after) continue;
    const stale = signed.filter(({ digest }) => digest !== event.after);
    signed = signed.filter(({ digest }) => digest === event.after);
    if (stale.length > 0)
      moment.follows = `The evidence is another than before: stale now ${stale.length === 1 ? "is the signature" : "are the signatures"} of ${stale.map(({ by }) => by).join(", ")}.`;
  }
  return moments;
}
