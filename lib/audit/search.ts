import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { csvLine } from "../csv";
import { db, pool } from "../db/client";
import { transaction } from "../db/transaction";
import { appendAudit } from "./append";
import { actionLabel } from "./events";
import { type AuditEvent, parseLeaf } from "./leaf";
import { type AuditFilter, auditFilterSchema } from "./schema";

/** What belongs to no project, such as a failed sign-in, is for those who look after the whole installation. */
export function seesUnassigned(actor: Actor): boolean {
  return actor.roles.some((role) => role === "auditor" || role === "administrator");
}

export type AuditRow = {
  index: number;
  at: Date;
  action: string;
  actor: string;
  subject: string;
  requestId: string;
  /** Null when the stored bytes are no event: verifying names it. */
  event: AuditEvent | null;
};

const pageSize = 50;

/**
 * The project's events under a filter, newest first, 50 a page; `next` goes into `before`. Throws ZodError for a malformed
 * filter.
 */
export async function listAudit(actor: Actor, input: unknown): Promise<{ rows: AuditRow[]; next: number | null }> {
  permit(actor, "audit.read");
  const rows = await page(actor, auditFilterSchema.parse(input), pageSize + 1);
  const shown = rows.slice(0, pageSize).map(({ leaf, leafHash: _, ...row }) => ({ ...row, event: readEvent(leaf) }));
  return { rows: shown, next: rows.length > pageSize ? shown.at(-1)!.index : null };
}

type Row = Omit<AuditRow, "event"> & { leaf: Buffer; leafHash: Buffer };

async function page(actor: Actor, filter: AuditFilter, limit: number): Promise<Row[]> {
  const { where, values } = await whereOf(actor, filter);
  const { rows } = await pool().query<Row>(searchSql(where, limit), values);
  return rows;
}

function searchSql(where: string, limit: number): string {
  return `SELECT "index", at, action, actor, subject, request_id AS "requestId", leaf, leaf_hash AS "leafHash" FROM audit_entry
    WHERE ${where} ORDER BY "index" DESC LIMIT ${limit}`;
}

/** What a search reads, for looking at its plan. */
export async function explainedSearch(actor: Actor, input: unknown): Promise<{ sql: string; values: unknown[] }> {
  const { where, values } = await whereOf(actor, auditFilterSchema.parse(input));
  return { sql: searchSql(where, pageSize + 1), values };
}

async function whereOf(actor: Actor, filter: AuditFilter): Promise<{ where: string; values: unknown[] }> {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const own = `project_id = ${value(actor.projectId)}`;
  const parts = [seesUnassigned(actor) ? `(${own} OR project_id IS NULL)` : own];
  const { action, actor: who, subject, prompt, version, from, to, before } = filter;
  if (action?.endsWith(".*")) parts.push(`action LIKE ${value(`${escaped(action.slice(0, -1))}%`)}`);
  else if (action) parts.push(`action = ${value(action)}`);
  if (who) parts.push(`actor ILIKE ${value(`%${escaped(who)}%`)}`);
  if (subject) parts.push(`subject ILIKE ${value(`%${escaped(subject)}%`)}`);
  if (from) parts.push(`at >= ${value(from)}::date::timestamp AT TIME ZONE 'UTC'`);
  if (to) parts.push(`at < (${value(to)}::date + 1)::timestamp AT TIME ZONE 'UTC'`);
  if (prompt) parts.push(await aboutPrompt(actor, prompt, version, value));
  else if (version) parts.push("false");
  parts.push(`"index" < ${value(before ?? 2_147_483_647)}`);
  return { where: parts.join(" AND "), values };
}

export const subjectKey = "left(split_part(subject, ' ', 1), 200)";

/**
 * About a prompt: the prompt, its versions, labels, releases and imports. About one of its versions: itself, releases that
 * compare it, imports of its runs, and moves of labels to or from it, whose leaves name its digest.
 */
async function aboutPrompt(
  actor: Actor,
  name: string,
  key: string | undefined,
  value: (given: unknown) => string,
): Promise<string> {
  const prompt = await db.prompt.findUnique({
    where: { projectId_name: { projectId: actor.projectId, name } },
    select: {
      id: true,
      labels: { select: { name: true } },
      versions: { where: key ? { key } : {}, select: { id: true, digest: true } },
    },
  });
  if (!prompt || prompt.versions.length === 0) return "false";
  const ids = prompt.versions.map(({ id }) => id);
  const versions = { in: ids };
  const [releases, runs] = await Promise.all([
    db.release.findMany({
      where: { promptId: prompt.id, ...(key && { OR: [{ baselineId: versions }, { candidateId: versions }] }) },
      select: { id: true },
    }),
    db.run.findMany({
      where: { versionId: versions, importId: { not: null } },
      distinct: ["importId"],
      select: { importId: true },
    }),
  ]);
  // A move that was refused may be of a label that never came to be.
  const labels = [...new Set([...prompt.labels.map(({ name }) => name), "production"])];
  const keys = [
    ...(key ? [] : [`prompt:${prompt.id}`]),
    ...ids.map((id) => `prompt_version:${id}`),
    ...releases.map(({ id }) => `release:${id}`),
    ...runs.map(({ importId }) => `import:${importId}`),
    ...labels.map((label) => keyOf(`label:${name}/${label}`)),
  ];
  // A name with spaces shares its first word with others. A digest stands in the leaf as it is.
  const exact = [`subject LIKE ${value(`label:${escaped(name)}/%`)}`];
  if (key) exact.push(`position(${value(Buffer.from(prompt.versions[0]!.digest))}::bytea IN leaf) > 0`);
  // Looked up first, by index: else the planner reads the log from its end, in hope of finding enough soon.
  return `"index" = ANY (ARRAY(SELECT "index" FROM audit_entry WHERE project_id = ${value(actor.projectId)}
    AND ${subjectKey} = ANY (${value(keys)}) AND (action NOT LIKE 'label.%' OR (${exact.join(" AND ")}))))`;
}

/** As the index has it. */
export function keyOf(subject: string): string {
  return [...subject.split(" ", 1)[0]!].slice(0, 200).join("");
}

function escaped(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

export function readEvent(leaf: Uint8Array): AuditEvent | null {
  try {
    return parseLeaf(leaf);
  } catch {
    return null;
  }
}

/**
 * The entries under a filter as a file, newest first, piece by piece. JSONL has each leaf's exact bytes in base64 beside
 * what it says. That somebody took the file is in the log before its first byte, and so is not in the file.
 */
export async function exportAudit({
  actor,
  input,
}: {
  actor: Actor;
  input: { format: "csv" | "jsonl"; filter: unknown };
}): Promise<AsyncGenerator<string>> {
  permit(actor, "audit.read");
  const { before: _, ...filter } = auditFilterSchema.parse(input.filter);
  const { index } = await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "log.exported",
      subject: { kind: "log", id: input.format },
      details: { format: input.format, filter: given(filter) },
    }),
  );
  return written(actor, { ...filter, before: index }, input.format);
}

function given(filter: AuditFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).flatMap(([name, said]) => (said ? [[name, String(said)]] : [])));
}

async function* written(actor: Actor, filter: AuditFilter, format: "csv" | "jsonl"): AsyncGenerator<string> {
  if (format === "csv")
    yield `\ufeff${csvLine("entry,at,action,event,who,about,details,before,after,request,leaf hash".split(","))}`;
  for (let before = filter.before; ; ) {
    const rows = await page(actor, { ...filter, before }, 1000);
    yield rows.map((row) => (format === "csv" ? csvOf(row) : jsonOf(row))).join("");
    if (rows.length < 1000) return;
    before = rows.at(-1)!.index;
  }
}

function jsonOf({ index, leaf, leafHash }: Row): string {
  const line = { index, leafHash: leafHash.toString("hex"), leaf: leaf.toString("base64"), event: readEvent(leaf) };
  return `${JSON.stringify(line)}\n`;
}

function csvOf({ index, at, action, actor, subject, requestId, leaf, leafHash }: Row): string {
  const event = readEvent(leaf);
  return csvLine([
    ...[String(index), at.toISOString(), action, actionLabel(action), actor, subject],
    event?.details ? JSON.stringify(event.details) : null,
    ...[event?.before ?? null, event?.after ?? null, requestId, leafHash.toString("hex")],
  ]);
}
