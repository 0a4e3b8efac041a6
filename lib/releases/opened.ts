import { z } from "zod";
import { appendAudit } from "../audit/append";
import type { Actor, Person } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db } from "../db/client";
import { type Tx, transaction } from "../db/transaction";
import { notFound } from "../errors";

/** Parts of a release that somebody who decides may open. */
export const sections = ["brief", "changes", "cases", "review", "judges", "sentinels", "history"] as const;

export const openingSchema = z.strictObject({
  section: z.enum(sections),
  /** The evidence as the page had it; left out: the one that waits now. */
  evidenceDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** The id of a case that was opened by itself; section `cases` then. */
  case: z.int().positive().optional(),
});

export type Opened = { section: string; at: string };

/**
 * Records that this person opened a part of the evidence that waits to be signed: once, and only what is there. For people
 * who may sign; it is part of what they sign later.
 */
export async function recordOpening({
  actor,
  input,
}: {
  actor: Person;
  input: { releaseId: number } & z.infer<typeof openingSchema>;
}): Promise<{ recorded: boolean }> {
  permit(actor, "project.read");
  const { releaseId, ...rest } = input;
  const { evidenceDigest, section, case: caseId } = openingSchema.parse(rest);
  const release = await db.release.findFirst({
    where: { id: releaseId, projectId: actor.projectId },
    select: {
      datasetId: true,
      prompt: { select: { name: true } },
      baseline: { select: { key: true } },
      candidate: { select: { key: true } },
    },
  });
  if (!release) throw notFound("The release");
  if (!may(actor, "release.sign")) return { recorded: false };
  const where = { datasetId: release.datasetId, id: caseId };
  const opened = caseId === undefined ? null : await db.case.findFirst({ where, select: { key: true } });
  if (caseId !== undefined && !opened) throw notFound("The case");
  const name = opened ? `case:${opened.key}` : section;
  return transaction(async (tx) => {
    // Only of the evidence that waits now: on what was before, nothing can be signed.
    const [added] = await tx.$queryRaw<{ digest: string }[]>`
      INSERT INTO evidence_opening (release_id, evidence_digest, user_id, section)
      SELECT r.id, r.evidence_digest, ${actor.userId}::int, ${name} FROM release r
       WHERE r.id = ${releaseId} AND r.state = 'ready'
         AND r.evidence_digest = coalesce(${evidenceDigest ?? null}::text, r.evidence_digest)
      ON CONFLICT DO NOTHING RETURNING evidence_digest AS digest`;
    if (!added) return { recorded: false };
    await appendAudit(tx, actor, {
      action: "evidence.opened",
      subject: {
        kind: "release",
        id: String(releaseId),
        name: `${release.prompt.name} ${release.baseline.key} → ${release.candidate.key}`,
      },
      details: { evidenceDigest: added.digest, section: name },
    });
    return { recorded: true };
  });
}

/** What this person opened of an evidence, in the order of opening. */
export async function listOpened(actor: Actor, releaseId: number, digest: string, tx: Tx = db): Promise<Opened[]> {
  permit(actor, "project.read");
  if (actor.kind !== "person") return [];
  const rows = await tx.evidenceOpening.findMany({
    where: { releaseId, evidenceDigest: digest, userId: actor.userId },
    orderBy: [{ openedAt: "asc" }, { section: "asc" }],
  });
  return rows.map(({ section, openedAt }) => ({ section, at: openedAt.toISOString() }));
}
