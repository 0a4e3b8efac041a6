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
  evidenceDigest: z.string().regex(/^[0-9a-f]{64}$/),
  section: z.enum(sections),
  /** A case of the release: section `cases` then. */
  case: z.string().min(1).max(500).optional(),
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
  if (!may(actor, "release.sign")) return { recorded: false };
  const { releaseId, ...rest } = input;
  const { evidenceDigest, section, case: key } = openingSchema.parse(rest);
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
  if (key !== undefined && !(await db.case.findFirst({ where: { datasetId: release.datasetId, key } }))) {
    throw notFound("The case");
  }
  const name = key === undefined ? section : `case:${key}`;
  return transaction(async (tx) => {
    // Only of the evidence that waits now: of what was before, nothing can be signed.
    const added = await tx.$executeRaw`
      INSERT INTO evidence_opening (release_id, evidence_digest, user_id, section)
      SELECT r.id, r.evidence_digest, ${actor.userId}, ${name} FROM release r
       WHERE r.id = ${releaseId} AND r.state = 'ready' AND r.evidence_digest = ${evidenceDigest}
      ON CONFLICT DO NOTHING`;
    if (added === 0) return { recorded: false };
    await appendAudit(tx, actor, {
      action: "evidence.opened",
      subject: {
        kind: "release",
        id: String(releaseId),
        name: `${release.prompt.name} ${release.baseline.key} → ${release.candidate.key}`,
      },
      details: { evidenceDigest, section: name },
    });
    return { recorded: true };
  });
}

/** What this person opened of an evidence, in the order of opening. */
export async function listOpened(tx: Tx, actor: Actor, releaseId: number, digest: string): Promise<Opened[]> {
  if (actor.kind !== "person") return [];
  const rows = await tx.evidenceOpening.findMany({
    where: { releaseId, evidenceDigest: digest, userId: actor.userId },
    orderBy: [{ openedAt: "asc" }, { section: "asc" }],
  });
  return rows.map(({ section, openedAt }) => ({ section, at: openedAt.toISOString() }));
}
