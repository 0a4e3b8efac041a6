import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { pool } from "../db/client";
import { notFound } from "../errors";
import type { LabelMoveKind } from "./label-moves";
import { waitsDays } from "./protection";
import { labelColumns, type PointingLabel, standingTables } from "./queries";

export type LabelStep = {
  id: number;
  at: Date;
  by: string;
  kind: LabelMoveKind;
  from: string | null;
  to: string;
  toDigest: string;
  /** Whether the label was protected at that moment. */
  protected: boolean;
  release: number | null;
  decision: number | null;
  reason: string | null;
};

export type ProtectionStep = {
  id: number;
  protects: boolean;
  reason: string;
  askedBy: string;
  askedById: number | null;
  askedAt: Date;
  outcome: "done" | "withdrawn" | "expired" | null;
  endedBy: string | null;
  endedAt: Date | null;
};

export type LabelHistory = PointingLabel & {
  reason: string | null;
  /** Newest first. */
  steps: LabelStep[];
  /** Id to go on from, for older steps. */
  next: number | null;
  /** Newest first. */
  protection: ProtectionStep[];
  /** Where one may go back to: versions it pointed to before, while approved or adopted; the last one first. */
  back: { version: string; digest: string; standing: "approved" | "adopted"; release: number | null; until: Date }[];
};

const pageSize = 50;

/** Where a label points and how it got there. */
export async function labelHistory(
  actor: Actor,
  prompt: string,
  label: string,
  { before }: { before?: number } = {},
): Promise<LabelHistory> {
  permit(actor, "project.read");
  type Head = Omit<LabelHistory, "steps" | "next" | "protection" | "back"> & { promptId: number };
  const { rows } = await pool().query<Head>(
    `SELECT ${labelColumns}, l.prompt_id AS "promptId", m.reason
       FROM ${standingTables} JOIN prompt p ON p.id = l.prompt_id
      WHERE p.project_id = $1 AND p.name = $2 AND l.name = $3`,
    [actor.projectId, prompt, label],
  );
  if (!rows[0]) throw notFound("The label");
  const { promptId, ...head } = rows[0];
  const steps = await pool().query<LabelStep>(
    `SELECT m.id, m.moved_at AS at, m.moved_by AS by, m.kind::text, f.key AS "from", t.key AS "to", t.digest AS "toDigest",
            m.protected, m.release_id AS release, d.id AS decision, m.reason
       FROM label_move m JOIN prompt_version t ON t.id = m.to_id LEFT JOIN prompt_version f ON f.id = m.from_id
       LEFT JOIN decision d ON d.release_id = m.release_id
      WHERE m.prompt_id = $1 AND m.label = $2 AND m.id < $3 ORDER BY m.id DESC LIMIT ${pageSize + 1}`,
    [promptId, label, before ?? 2_147_483_647],
  );
  const protection = await pool().query<ProtectionStep>(
    `SELECT id, protects, reason, asked_by AS "askedBy", asked_by_id AS "askedById", asked_at AS "askedAt",
            CASE WHEN outcome IS NULL AND asked_at < now() - make_interval(days => ${waitsDays}) THEN 'expired' ELSE outcome END AS outcome,
            ended_by AS "endedBy", ended_at AS "endedAt"
       FROM label_protection WHERE prompt_id = $1 AND label = $2 ORDER BY id DESC LIMIT 50`,
    [promptId, label],
  );
  const back = await pool().query<LabelHistory["back"][number] & { left: number }>(
    `SELECT * FROM (
       SELECT DISTINCT ON (m.from_id) v.key AS version, v.digest, m.moved_at AS until, m.id AS left, a.release,
              CASE WHEN a.release IS NOT NULL THEN 'approved' ELSE 'adopted' END AS standing
         FROM label_move m JOIN label l ON l.prompt_id = m.prompt_id AND l.name = m.label
         JOIN prompt_version v ON v.id = m.from_id AND v.id <> l.version_id
         LEFT JOIN LATERAL (SELECT r.id AS release FROM release r LEFT JOIN decision d ON d.release_id = r.id
                             WHERE r.candidate_id = v.id AND r.state = 'approved' AND (d.waived_until IS NULL OR d.waived_until > now())
                             ORDER BY r.id DESC LIMIT 1) a ON true
        WHERE m.prompt_id = $1 AND m.label = $2 AND (a.release IS NOT NULL OR EXISTS (
                SELECT 1 FROM label_move x WHERE x.prompt_id = $1 AND x.label = $2 AND x.kind = 'adopted' AND x.to_id = v.id))
        ORDER BY m.from_id, m.id DESC) been
      ORDER BY been.left DESC LIMIT 20`,
    [promptId, label],
  );
  const page = steps.rows.slice(0, pageSize);
  return {
    ...head,
    steps: page,
    next: steps.rows.length > pageSize ? (page.at(-1)?.id ?? null) : null,
    protection: protection.rows,
    back: back.rows.map(({ left: _, ...row }) => row),
  };
}
