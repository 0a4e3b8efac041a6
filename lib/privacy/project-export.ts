import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { to as copyTo } from "pg-copy-streams";
import { pack } from "tar-stream";
import { version } from "../../package.json";
import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { transaction } from "../db/transaction";
import { Fault } from "../errors";

/**
 * Everything of a project in one `.tar.gz`: `tables/<table>/<n>.jsonl`, a row a line, and last `manifest.json` with rows, bytes
 * and SHA-256 of each table. As of one moment, read and sent piece by piece.
 */
export const projectExportFormat = "countersign-project/1";

const inProject = "t.project_id = $";
const of = (table: string, column: string, where = inProject) =>
  `t.${column} IN (SELECT t.id FROM ${table} t WHERE ${where})`;
const ofPrompt = of("prompt", "prompt_id");
const ofCase = of("test_case", "case_id", of("dataset", "dataset_id"));
const ofRun = of("run", "run_id");
const ofPair = of("run", "first_run_id");
const ofJudgeVersion = of("judge_version", "judge_version_id", of("judge", "judge_id"));
const ofAnchor = of("anchor", "anchor_id", ofJudgeVersion);
const ofRelease = of("release", "release_id");
const ofSentinel = of("sentinel", "sentinel_id", ofRelease);

/** The rows of each table `t` that are the project's; `$` stands for its id. */
const exported: Record<string, string> = {
  project: "t.id = $",
  app_user: "t.id IN (SELECT m.user_id FROM membership m WHERE m.project_id = $)",
  membership: inProject,
  api_token: inProject,
  prompt: inProject,
  prompt_version: ofPrompt,
  label: ofPrompt,
  label_move: ofPrompt,
  label_protection: ofPrompt,
  break_glass: ofPrompt,
  dataset: inProject,
  test_case: of("dataset", "dataset_id"),
  case_tag: ofCase,
  import: inProject,
  run: inProject,
  output: ofRun,
  criterion: inProject,
  criterion_example: of("criterion", "criterion_id"),
  judge: inProject,
  judge_version: of("judge", "judge_id"),
  run_judge: ofRun,
  verdict: ofRun,
  imported_review: ofRun,
  preference_verdict: ofPair,
  imported_preference: ofPair,
  run_pair_judge: ofPair,
  rejudging: ofRun,
  alarm_acknowledgement: ofJudgeVersion,
  anchor: ofJudgeVersion,
  anchor_case: ofAnchor,
  anchor_take: ofAnchor,
  anchor_verdict: ofAnchor,
  policy: inProject,
  policy_proposal: inProject,
  policy_act: of("policy_proposal", "proposal_id"),
  release: inProject,
  release_criterion: ofRelease,
  release_tally: ofRelease,
  sample_batch: ofRelease,
  draw: ofRelease,
  chosen_case: ofRelease,
  assignment: ofRelease,
  review_task: ofRelease,
  review: ofRelease,
  answer_comment: ofRelease,
  review_check: ofRelease,
  check_grade: of("review_check", "check_id", ofRelease),
  adjudication_task: ofRelease,
  adjudication: ofRelease,
  hunk: ofRelease,
  attribution: ofRelease,
  failure_tag: inProject,
  saved_view: inProject,
  sentinel: ofRelease,
  sentinel_strike: ofSentinel,
  sentinel_verdict: ofSentinel,
  evidence: ofRelease,
  evidence_opening: ofRelease,
  sign_off: ofRelease,
  sign_off_withdrawal: of("sign_off", "sign_off_id", ofRelease),
  decision: ofRelease,
  retention: inProject,
  redaction: inProject,
  tombstone: of("redaction", "redaction_id"),
  audit_entry: inProject,
};

/** What stays here, and why. */
const leftOut: Record<string, string> = {
  search_text: "made from other tables",
  idempotent_answer: "answers to requests, kept for a day",
  review_submission: "answers to deliveries of grades, which are in `review`",
  import_chunk: "uploaded bytes, kept while an import runs",
  rate_limit: "counters",
  sign_in_link: "secrets",
  passkey: "of people, not of the project",
  passkey_challenge: "secrets",
  audit_head: "of the whole installation",
  audit_checkpoint: "of the whole installation; an exported decision has its proofs",
  checkpoint_delivery: "of the whole installation",
  _prisma_migrations: "of the whole installation",
};

export const exportedTables = [...Object.keys(exported), ...Object.keys(leftOut)];

/** Columns that are secrets, or kept for others. */
const secrets = ["password_hash", "token_hash", "session_version"];

const partBytes = 4 * 2 ** 20;

/**
 * The file, piece by piece. That somebody took it is in the log before its first byte. Whoever grades blind here can't have it
 * while grading is open: it says what stands on which side, and what judges and others said.
 */
export async function exportProject({ actor }: { actor: Actor }): Promise<Readable> {
  permit(actor, "project.export");
  const { projectId } = actor;
  if (may(actor, "review.grade")) {
    const open = await db.release.count({ where: { projectId, state: { in: ["draft", "grading"] } } });
    if (open > 0)
      throw new Fault(
        "conflict",
        "You grade in this project, and a release is being graded. Let somebody else export it.",
      );
  }
  const project = await db.project.findUniqueOrThrow({ where: { id: projectId }, select: { key: true, name: true } });
  await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "project.exported",
      subject: { kind: "project", id: String(projectId), name: project.key },
    }),
  );
  return Readable.from(archiveOf(projectId, project));
}

async function* archiveOf(projectId: number, project: { key: string; name: string }): AsyncGenerator<Buffer> {
  const archive = pack();
  const zipped = archive.pipe(createGzip());
  archive.on("error", (error) => zipped.destroy(error));
  const done = fill(archive, projectId, project).catch((error: Error) => void archive.destroy(error));
  try {
    for await (const chunk of zipped) yield chunk as Buffer;
  } finally {
    // Whoever takes the file may leave before its end.
    archive.destroy();
    await done;
  }
}

type Tally = { rows: number; bytes: number; sha256: string };

async function fill(archive: ReturnType<typeof pack>, projectId: number, project: object): Promise<void> {
  const client = await pool().connect();
  let gone = false;
  archive.once("close", () => {
    gone = true;
  });
  const at = new Date();
  const add = (name: string, bytes: Buffer) =>
    new Promise<void>((resolve, reject) => {
      if (gone) return reject(new Error("Nobody takes the export any more."));
      archive.once("close", resolve);
      archive.entry({ name, mtime: at }, bytes, (error) => {
        archive.off("close", resolve);
        if (error) reject(error);
        else resolve();
      });
    });
  let broken: Error | undefined;
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const { rows } = await client.query<{ table: string; columns: string[] }>(
      `SELECT c.relname AS "table", array_agg(a.attname::text ORDER BY a.attnum) AS columns FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attname <> ALL ($2) GROUP BY 1`,
      [Object.keys(exported), secrets],
    );
    const columnsOf = new Map(rows.map(({ table, columns }) => [table, columns]));
    const tables: Record<string, Tally> = {};
    for (const [table, where] of Object.entries(exported)) {
      const columns = (columnsOf.get(table) ?? []).map((name) => `t."${name}"`).join(", ");
      // COPY takes no parameters: the id is a number of our own.
      const rows = `SELECT row_to_json(x) FROM (SELECT ${columns} FROM "${table}" t WHERE ${where.replaceAll("$", String(Number(projectId)))}) x`;
      const source = client.query(copyTo(`COPY (${rows}) TO STDOUT`));
      tables[table] = await dump(source as AsyncIterable<Buffer>, (part, bytes) =>
        add(`tables/${table}/${String(part).padStart(6, "0")}.jsonl`, bytes),
      );
    }
    const manifest = { format: projectExportFormat, at: at.toISOString(), program: version, project, tables, leftOut };
    await add("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
    archive.finalize();
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    // A COPY that was left in the middle ends with its connection.
    if (broken) client.release(broken);
    else {
      await client.query("ROLLBACK");
      client.release();
    }
  }
}

/** In parts of some megabytes, each ending with a row. */
async function dump(
  source: AsyncIterable<Buffer>,
  add: (part: number, bytes: Buffer) => Promise<void>,
): Promise<Tally> {
  const hash = createHash("sha256");
  const tally = { rows: 0, bytes: 0 };
  let held: Buffer[] = [];
  let size = 0;
  let part = 0;
  const flush = async (upTo: number) => {
    const all = Buffer.concat(held);
    const bytes = Buffer.from(uncopied(all.subarray(0, upTo).toString("utf8")));
    held = [all.subarray(upTo)];
    size = held[0]!.length;
    hash.update(bytes);
    tally.bytes += bytes.length;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) tally.rows++;
    if (bytes.length > 0) await add(part++, bytes);
  };
  for await (const chunk of source) {
    held.push(chunk);
    size += chunk.length;
    const end = chunk.lastIndexOf(10);
    if (size >= partBytes && end >= 0) await flush(size - chunk.length + end + 1);
  }
  await flush(size);
  return { ...tally, sha256: hash.digest("hex") };
}

/** JSON has no bare control character, so the backslash is all that COPY escapes in it. */
function uncopied(text: string): string {
  return text.replaceAll("\\\\", "\\");
}
