import type { NewEvent } from "../audit/append";
import type { Sql } from "../db/transaction";

/** How a label got where it points. */
export type LabelMoveKind = "adopted" | "released" | "moved" | "rolled_back" | "break_glass";

type Version = { id: number; key: string; digest: string };

export type LabelMove = {
  prompt: { id: number; name: string };
  label: string;
  kind: LabelMoveKind;
  /** Where the label must point now; null: it must not exist. */
  from: Version | null;
  to: Version;
  /** Of a label that is new. */
  protected?: boolean;
  /** The release that approved the version; at a break-glass the one that asks about it, if there is one. */
  releaseId?: number | null;
  reason?: string | null;
  by: { name: string; userId: number | null };
  /** What else the event says. */
  details?: NewEvent["details"];
};

/**
 * Moves a label and writes its history, in one statement: whatever moves a label does it through here. Null when the label
 * is not at `from` any more: nothing was changed. Answers with the event to record, which the caller appends last.
 */
export async function writeLabelMove(tx: Sql, move: LabelMove): Promise<{ id: number; event: NewEvent } | null> {
  const { prompt, label, kind, from, to, by } = move;
  const releaseId = move.releaseId ?? null;
  const reason = move.reason || null;
  const [row] = from
    ? await tx.$queryRaw<{ id: number }[]>`
        WITH moved AS (
          UPDATE label SET version_id = ${to.id}::int, moved_by = ${by.name}::text, moved_at = clock_timestamp()
           WHERE prompt_id = ${prompt.id}::int AND name = ${label}::text AND version_id = ${from.id}::int RETURNING protected)
        INSERT INTO label_move (prompt_id, label, kind, from_id, to_id, protected, release_id, reason, moved_by, moved_by_id)
        SELECT ${prompt.id}::int, ${label}::text, ${kind}::label_move_kind, ${from.id}::int, ${to.id}::int, moved.protected,
               ${releaseId}::int, ${reason}::text, ${by.name}::text, ${by.userId}::int
          FROM moved RETURNING id`
    : await tx.$queryRaw<{ id: number }[]>`
        WITH made AS (
          INSERT INTO label (prompt_id, name, version_id, protected, moved_by)
          VALUES (${prompt.id}::int, ${label}::text, ${to.id}::int, ${move.protected ?? false}::boolean, ${by.name}::text)
              ON CONFLICT DO NOTHING RETURNING protected)
        INSERT INTO label_move (prompt_id, label, kind, to_id, protected, release_id, reason, moved_by, moved_by_id)
        SELECT ${prompt.id}::int, ${label}::text, ${kind}::label_move_kind, ${to.id}::int, made.protected, ${releaseId}::int,
               ${reason}::text, ${by.name}::text, ${by.userId}::int
          FROM made RETURNING id`;
  if (!row) return null;
  const action = kind === "released" || kind === "moved" ? "label.moved" : (`label.${kind}` as const);
  return {
    id: row.id,
    event: {
      action,
      subject: { kind: "label", id: `${prompt.name}/${label}` },
      before: from?.digest,
      after: to.digest,
      details: {
        from: from?.key,
        to: to.key,
        move: row.id,
        how: kind,
        releaseId: releaseId ?? undefined,
        reason: reason ?? undefined,
        ...move.details,
      },
    },
  };
}
