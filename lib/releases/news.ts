import { type Actor, type Person, personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { pool } from "../db/client";

export type NewsItem = {
  /** Of the audit entry. */
  index: number;
  at: Date;
  action: string;
  /** Who did it, by name. */
  by: string;
  subject: { kind: string; id: string; name: string };
  /** Where a label moved to. */
  to: string | null;
  /** Why it came to that, where the entry says it in sentences. */
  reasons: string[];
  unread: boolean;
};

const shown = 50;

/** What concerns those who have to do with a release, and what concerns everybody in the project. */
const ofMyReleases = [
  "release.drawn",
  "release.closed",
  "release.reopened",
  "release.withdrawn",
  "release.signed_off",
  "release.refused",
  "sign_off.given",
  "sign_off.withdrawn",
];
const ofTheProject = [
  "release.created",
  "label.moved",
  "label.break_glass",
  "label.rolled_back",
  "label.unprotect_asked",
  "label.unprotected",
  "judge.moved",
  "policy.proposed",
  "policy.approval_given",
  "policy.changed",
  "policy.rejected",
  "policy.withdrawn",
];
/** What concerns those who can do something about it: propose another policy, or change the members. */
const ofThePolicies = ["policy.impossible"];

/**
 * Entries of the audit log that tell this person something: about releases they opened, graded or signed, and about the
 * project; never what they did themselves. `$1` project, `$2` person.
 */
const newsFor = `
  FROM audit_entry e
 WHERE e.project_id = $1
   AND e.at > (SELECT m.created_at FROM membership m WHERE m.project_id = $1 AND m.user_id = $2)
   AND e.actor NOT LIKE 'person:' || $2::int || ' %'
   AND (e.action = ANY ($3) OR (e.action = ANY ($4) AND split_part(e.subject, ' ', 1) IN (
         SELECT 'release:' || r.id FROM release r WHERE r.project_id = $1 AND (r.created_by_id = $2
            OR EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = r.id AND rv.reviewer_id = $2)
            OR EXISTS (SELECT 1 FROM sign_off s WHERE s.release_id = r.id AND s.user_id = $2)))))`;

function given(actor: Actor): [number, number | null, string[], string[]] {
  permit(actor, "project.read");
  const forAll = may(actor, "policy.propose") ? [...ofTheProject, ...ofThePolicies] : ofTheProject;
  return [actor.projectId, personOf(actor), forAll, ofMyReleases];
}

/** The latest, newest first. */
export async function listNews(actor: Actor): Promise<NewsItem[]> {
  type Row = Omit<NewsItem, "by" | "subject" | "to" | "reasons"> & { leaf: Buffer };
  const { rows } = await pool().query<Row>(
    `SELECT e."index", e.at, e.action, e.leaf,
            e."index" > coalesce((SELECT m.news_read FROM membership m WHERE m.project_id = $1 AND m.user_id = $2), -1) AS unread
     ${newsFor} ORDER BY e."index" DESC LIMIT ${shown}`,
    given(actor),
  );
  return rows.map(({ leaf, ...row }) => {
    const event = JSON.parse(leaf.toString("utf8")) as {
      actor: { name: string };
      subject: { kind: string; id: string; name?: string };
      details?: { to?: unknown; reasons?: unknown };
    };
    const to = typeof event.details?.to === "string" ? event.details.to : null;
    const given = event.details?.reasons;
    const reasons = Array.isArray(given) ? given.filter((reason) => typeof reason === "string") : [];
    return { ...row, by: event.actor.name, subject: { name: "", ...event.subject }, to, reasons };
  });
}

/** How many are unread; 100 when there are more than 99. */
export async function countNews(actor: Actor): Promise<number> {
  const { rows } = await pool().query<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 ${newsFor}
        AND e."index" > coalesce((SELECT m.news_read FROM membership m WHERE m.project_id = $1 AND m.user_id = $2), -1)
      LIMIT 100) unread`,
    given(actor),
  );
  return rows[0]!.n;
}

/** Marks everything up to an entry as read. Where somebody stopped reading is no event of the record. */
export async function readNews({ actor, upTo }: { actor: Person; upTo: number }): Promise<void> {
  permit(actor, "project.read");
  await pool().query(
    `UPDATE membership SET news_read = greatest(news_read, $3) WHERE project_id = $1 AND user_id = $2`,
    [actor.projectId, actor.userId, upTo],
  );
}
