import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db, type Prisma, pool } from "../db/client";
import type { JsonValue } from "../digest";
import { Fault, notFound } from "../errors";

export type PromptRow = {
  name: string;
  versions: number;
  /** Key of the newest version; null while there is none. */
  newest: string | null;
  labels: { name: string; protected: boolean; version: string; standing: Standing }[];
  /** When a version was pushed or a label moved. */
  changedAt: Date;
  /** Releases that are neither decided nor withdrawn, newest first. */
  openReleases: { id: number; baseline: string; candidate: string }[];
};

/** The project's prompts by name; `after` is the name to go on from. */
export async function listPrompts(
  actor: Actor,
  input: { after?: string; limit?: number } = {},
): Promise<{ prompts: PromptRow[]; next: string | null }> {
  permit(actor, "project.read");
  const limit = Math.min(input.limit ?? 100, 200);
  const { rows } = await pool().query<PromptRow>(
    `SELECT p.name, v.versions, v.newest, coalesce(l.labels, '[]') AS labels, coalesce(r.open, '[]') AS "openReleases",
            greatest(p.created_at, v.pushed_at, l.moved_at) AS "changedAt"
       FROM prompt p
       LEFT JOIN LATERAL (SELECT count(*)::int AS versions, max(created_at) AS pushed_at,
                                 (array_agg(key ORDER BY number DESC))[1] AS newest
                            FROM prompt_version WHERE prompt_id = p.id) v ON true
       LEFT JOIN LATERAL (SELECT max(l.moved_at) AS moved_at,
                                 json_agg(json_build_object('name', l.name, 'protected', l.protected, 'version', v.key, 'standing', ${standingSql})
                                          ORDER BY l.protected DESC, l.name) AS labels
                            FROM ${standingTables} WHERE l.prompt_id = p.id) l ON true
       LEFT JOIN LATERAL (SELECT json_agg(json_build_object('id', x.id, 'baseline', b.key, 'candidate', c.key)
                                          ORDER BY x.id DESC) AS open
                            FROM release x JOIN prompt_version b ON b.id = x.baseline_id
                            JOIN prompt_version c ON c.id = x.candidate_id
                           WHERE x.prompt_id = p.id AND x.state IN ('draft', 'grading', 'ready')) r ON true
      WHERE p.project_id = $1 AND ($2::text IS NULL OR p.name > $2)
      ORDER BY p.name LIMIT $3`,
    [actor.projectId, input.after ?? null, limit + 1],
  );
  const prompts = rows.slice(0, limit);
  return { prompts, next: rows.length > limit ? (prompts.at(-1)?.name ?? null) : null };
}

const versionSelect = {
  id: true,
  number: true,
  key: true,
  digest: true,
  model: true,
  author: true,
  message: true,
  contributorId: true,
  createdAt: true,
  parent: { select: { key: true } },
  labels: { select: { name: true, protected: true }, orderBy: [{ protected: "desc" }, { name: "asc" }] },
  asCandidate: { select: { id: true, state: true }, orderBy: { id: "desc" } },
  _count: { select: { runs: true } },
} satisfies Prisma.PromptVersionSelect;

type Stored = Prisma.PromptVersionGetPayload<{ select: typeof versionSelect }>;

export type VersionRow = {
  number: number;
  key: string;
  digest: string;
  model: string | null;
  author: string | null;
  message: string | null;
  parent: string | null;
  /** Whoever imported or pushed it; null when the local administrator token did. */
  contributor: string | null;
  createdAt: Date;
  labels: { name: string; protected: boolean }[];
  /** Releases in which it is the candidate, newest first. */
  releases: { id: number; state: Stored["asCandidate"][number]["state"] }[];
  runs: number;
};

async function namesOf(versions: Stored[]): Promise<Map<number, string>> {
  const ids = [...new Set(versions.flatMap(({ contributorId }) => contributorId ?? []))];
  const users = await db.user.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  return new Map(users.map(({ id, name }) => [id, name]));
}

function toRow(version: Stored, names: Map<number, string>): VersionRow {
  const { id: _id, contributorId, parent, asCandidate, _count, ...rest } = version;
  return {
    ...rest,
    parent: parent?.key ?? null,
    contributor: contributorId === null ? null : (names.get(contributorId) ?? null),
    releases: asCandidate,
    runs: _count.runs,
  };
}

export type PointingLabel = Pick<
  LabelTarget,
  | "protected"
  | "everProtected"
  | "version"
  | "digest"
  | "standing"
  | "release"
  | "decision"
  | "waivedUntil"
  | "movedAt"
  | "movedBy"
> & { name: string };

export type PromptDetail = {
  name: string;
  createdAt: Date;
  versionCount: number;
  labels: PointingLabel[];
  /** Newest first. */
  versions: VersionRow[];
  /** Number to go on from, for older versions. */
  next: number | null;
};

/** A prompt with its labels and up to `limit` versions below `before` (a version's number). */
export async function getPrompt(
  actor: Actor,
  name: string,
  input: { before?: number; limit?: number } = {},
): Promise<PromptDetail> {
  permit(actor, "project.read");
  const limit = Math.min(input.limit ?? 100, 200);
  const prompt = await db.prompt.findUnique({
    where: { projectId_name: { projectId: actor.projectId, name } },
    select: {
      id: true,
      name: true,
      createdAt: true,
      versions: {
        where: { number: { lt: input.before ?? 2_147_483_647 } },
        select: versionSelect,
        orderBy: { number: "desc" },
        take: limit + 1,
      },
      _count: { select: { versions: true } },
    },
  });
  if (!prompt) throw notFound("The prompt");
  const versions = prompt.versions.slice(0, limit);
  const names = await namesOf(versions);
  return {
    name: prompt.name,
    createdAt: prompt.createdAt,
    versionCount: prompt._count.versions,
    labels: await labelsOf(prompt.id),
    versions: versions.map((version) => toRow(version, names)),
    next: prompt.versions.length > limit ? (versions.at(-1)?.number ?? null) : null,
  };
}

async function labelsOf(promptId: number): Promise<PointingLabel[]> {
  const { rows } = await pool().query<PointingLabel>(
    `SELECT ${labelColumns} FROM ${standingTables} WHERE l.prompt_id = $1 ORDER BY l.protected DESC, l.name`,
    [promptId],
  );
  return rows;
}

/** `content` is null when the text of the version is unknown. */
export type VersionDetail = VersionRow & { content: JsonValue | null };

export async function getVersion(actor: Actor, name: string, key: string): Promise<VersionDetail> {
  permit(actor, "project.read");
  const version = await db.promptVersion.findFirst({
    where: { key, prompt: { projectId: actor.projectId, name } },
    select: { ...versionSelect, content: true },
  });
  if (!version) throw notFound("The version");
  const { content, ...rest } = version;
  return { ...toRow(rest, await namesOf([rest])), content: content === null ? null : JSON.parse(content) };
}

export async function compareVersions(
  actor: Actor,
  name: string,
  before: string,
  after: string,
): Promise<{ before: VersionDetail; after: VersionDetail }> {
  const [left, right] = await Promise.all([getVersion(actor, name, before), getVersion(actor, name, after)]);
  return { before: left, after: right };
}

/** Keys of all versions of a prompt, newest first, with their labels: what can be compared. */
export async function listVersionKeys(actor: Actor, name: string): Promise<{ key: string; labels: string[] }[]> {
  permit(actor, "project.read");
  const versions = await db.promptVersion.findMany({
    where: { prompt: { projectId: actor.projectId, name } },
    select: { key: true, labels: { select: { name: true } } },
    orderBy: { number: "desc" },
    take: 1000,
  });
  return versions.map(({ key, labels }) => ({ key, labels: labels.map((label) => label.name) }));
}

/**
 * What speaks for the version under a label: a release approved it; it was adopted as it was found, at an import or when
 * the label became protected; it was let out at a break-glass; or nothing.
 */
export type Standing = "approved" | "adopted" | "break_glass" | "unapproved";

export type LabelTarget = {
  label: string;
  protected: boolean;
  /** True for a label that is or once was protected. */
  everProtected: boolean;
  version: string;
  digest: string;
  /** Null when the text of the version is unknown. */
  content: JsonValue | null;
  standing: Standing;
  /** The newest release that approved the version, and its decision; at a break-glass the release that let it out. */
  release: number | null;
  decision: number | null;
  /** When the approval ends with a waiver that it needed, or ended; null: it needs none. */
  waivedUntil: Date | null;
  movedAt: Date;
  movedBy: string;
};

/**
 * What speaks for version `v` under label `l`; the last row of the label's history is `m`. An approval that ended with its
 * waiver was one, unless it was a break-glass that brought the version here.
 */
export const standingSql = `CASE WHEN m.kind = 'break_glass' AND (a.release IS NULL OR NOT a.holds) THEN 'break_glass' WHEN a.release IS NOT NULL THEN 'approved'
  WHEN EXISTS (SELECT 1 FROM label_move x WHERE x.prompt_id = l.prompt_id AND x.label = l.name AND x.kind = 'adopted' AND x.to_id = v.id)
  THEN 'adopted' ELSE 'unapproved' END`;
export const standingTables = `label l JOIN prompt_version v ON v.id = l.version_id
  LEFT JOIN LATERAL (SELECT x.id, x.kind, x.to_id, x.release_id, x.reason FROM label_move x
                      WHERE x.prompt_id = l.prompt_id AND x.label = l.name ORDER BY x.id DESC LIMIT 1) m ON true
  LEFT JOIN LATERAL (SELECT r.id AS release, d.id AS decision, d.waived_until AS until, w.holds FROM release r LEFT JOIN decision d ON d.release_id = r.id
                     CROSS JOIN LATERAL (SELECT d.waived_until IS NULL OR d.waived_until > now() AS holds) w
                      WHERE r.prompt_id = l.prompt_id AND r.candidate_id = v.id AND r.state = 'approved'
                      ORDER BY w.holds DESC, r.id DESC LIMIT 1) a ON true`;

export const labelColumns = `l.name, l.protected, l.ever_protected AS "everProtected", v.key AS version, v.digest,
  ${standingSql} AS standing, coalesce(a.release, CASE WHEN m.kind = 'break_glass' THEN m.release_id END) AS release, a.decision, a.until AS "waivedUntil",
  l.moved_at AS "movedAt", l.moved_by AS "movedBy"`;

/**
 * What a program that asks for a label is given, in one query. Throws Fault `conflict` for an unapproved version under a
 * label that is or once was protected: the latter can be had with `acceptsUnapproved`, so that nobody gets it unseen.
 */
export async function getLabel(
  actor: Actor,
  name: string,
  label: string,
  { acceptsUnapproved = false } = {},
): Promise<LabelTarget> {
  permit(actor, "project.read");
  type Row = PointingLabel & { content: string | null; agrees: boolean | null };
  const { rows } = await pool().query<Row>(
    `SELECT ${labelColumns}, v.content, m.to_id = l.version_id AS agrees
       FROM ${standingTables} JOIN prompt p ON p.id = l.prompt_id
      WHERE p.project_id = $1 AND p.name = $2 AND l.name = $3`,
    [actor.projectId, name, label],
  );
  const found = rows[0];
  if (!found) throw notFound("The label");
  const { agrees, content, name: _, ...rest } = found;
  if (rest.protected && (!agrees || rest.standing === "unapproved")) {
    throw new Fault(
      "conflict",
      `The label ${label} does not point where its history says. Nothing is served: see the log.`,
    );
  }
  if (rest.everProtected && rest.standing === "unapproved" && !acceptsUnapproved) {
    throw new Fault(
      "conflict",
      `The label ${label} is protected no more, and no release approved ${rest.version}. Ask with accept=unapproved to get it.`,
    );
  }
  return { label, ...rest, content: content === null ? null : (JSON.parse(content) as JsonValue) };
}
