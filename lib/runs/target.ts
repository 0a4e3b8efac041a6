import type { PoolClient } from "pg";
import type { NewEvent } from "../audit/append";
import { pool } from "../db/client";
import { rawQueries } from "../db/transaction";
import { canonicalJson, digestOf, type JsonValue, sha256Hex } from "../digest";
import type { ResolvedRow } from "../formats/resolve";
import { type At, refuse, type Target } from "../formats/rows";
import { writeLabelMove } from "../prompts/label-moves";
import { protectedLabels } from "../prompts/labels";
import { Copies } from "./copy";
import { arrayLiteral } from "./copy-text";

type Job = { id: number; projectId: number; createdById: number | null; createdBy: string };
type Sealed = { promptId: number; datasetId: number; runs: { id: number; digest: string }[] };
type Of<K extends ResolvedRow["kind"]> = Extract<ResolvedRow, { kind: K }>;
type Tally = { pass: number; fail: number; error: number };
type PreferenceTally = { first: number; second: number; tie: number; error: number };
type Run = {
  id: number;
  outputs: number;
  errors: number;
  judges: Map<number, Tally>;
};

const tables = {
  test_case:
    "id, dataset_id, key, input, input_is_json, input_digest, reference, slice, tags, must_pass, origin, generator, metadata",
  output:
    "run_id, case_id, repeat, output, output_is_json, error, latency_ms, input_tokens, output_tokens, cost_usd, model, at, metadata",
  verdict: "run_id, case_id, judge_version_id, repeat, verdict, score, rationale, at, metadata",
  imported_review: "run_id, case_id, criterion_id, reviewer, verdict, score, note, tags, at, metadata",
  preference_verdict:
    "first_run_id, second_run_id, case_id, judge_version_id, repeat, prefer, score, rationale, at, metadata",
  imported_preference: "first_run_id, second_run_id, case_id, criterion_id, reviewer, prefer, note, tags, at, metadata",
};
/**
 * Where an import goes, all in its one transaction: small things (prompt, versions, criteria, judges, runs) are found or
 * made at once; cases, outputs, verdicts and reviews are copied in while the source is being read.
 */
export class ImportTarget {
  private constructor(
    private readonly client: PoolClient,
    private readonly job: Job,
    readonly names: Target,
    private readonly digest: string,
    private readonly promptId: number,
    private readonly datasetId: number,
    /** The dataset had cases before. */
    private readonly hadCases: boolean,
  ) {
    this.copies = new Copies(client, tables);
  }

  private readonly copies: Copies<keyof typeof tables>;
  /** Of the cases that come next, those that the dataset has. */
  private existing = new Map<string, { id: number; digest: string }>();

  readonly newVersions: string[] = [];
  readonly adoptedLabels: { label: string; version: string; event: NewEvent }[] = [];
  private readonly criterionIds: number[] = [];
  private readonly criterionRows: Of<"criterion">[] = [];
  private readonly judgeIds: number[] = [];
  private readonly versions: { id: number; key: string; digest: string; row: Of<"version"> }[] = [];
  private readonly caseIds: number[] = [];
  /** By version. */
  private readonly runs: Run[] = [];
  /** By first run, second run and judge version. */
  private readonly pairs = new Map<string, { key: [number, number, number]; tally: PreferenceTally }>();
  private freeCaseIds: number[] = [];

  static async open(client: PoolClient, job: Job, names: Target, digest: string): Promise<ImportTarget> {
    const promptId = await findOrMake(client, "prompt", job.projectId, names.prompt);
    const datasetId = await findOrMake(client, "dataset", job.projectId, names.dataset);
    const { rowCount } = await client.query("SELECT 1 FROM test_case WHERE dataset_id = $1 LIMIT 1", [datasetId]);
    return new ImportTarget(client, job, names, digest, promptId, datasetId, rowCount === 1);
  }

  /** Stores some rows, in their order. */
  async takeAll(rows: readonly ResolvedRow[]): Promise<void> {
    await this.prepare(rows);
    for (const row of rows) {
      // Most rows ask nothing of the database, and are not waited for.
      const later = this.take(row);
      if (later) await later;
    }
    await this.copies.drained();
  }

  private take(row: ResolvedRow): Promise<void> | void {
    switch (row.kind) {
      case "criterion":
        return this.takeCriterion(row);
      case "judge":
        return this.takeJudge(row);
      case "version":
        return this.takeVersion(row);
      case "case":
        return this.takeCase(row);
      case "output":
        return this.takeOutput(row);
      case "verdict":
        return this.takeVerdict(row);
      case "review":
        return this.takeReview(row);
      case "preferenceVerdict":
        return this.takePreferenceVerdict(row);
      case "preferenceReview":
        return this.takePreferenceReview(row);
    }
  }

  /**
   * Ids for the cases to come, and what the dataset has of them. Asked through another connection, as neither depends on what
   * this one has stored: it goes on storing meanwhile.
   */
  private async prepare(rows: readonly ResolvedRow[]): Promise<void> {
    const keys = rows.flatMap((row) => (row.kind === "case" ? [row.key] : []));
    if (keys.length === 0) return;
    this.existing.clear();
    if (this.hadCases) {
      const { rows: found } = await pool().query<{ id: number; key: string; digest: string }>(
        "SELECT id, key, input_digest AS digest FROM test_case WHERE dataset_id = $1 AND key = ANY ($2)",
        [this.datasetId, keys],
      );
      for (const { id, key, digest } of found) this.existing.set(key, { id, digest });
    }
    const missing = keys.length - this.existing.size - this.freeCaseIds.length;
    if (missing <= 0) return;
    // Ever more at once, as the source turns out to be larger.
    const { rows: ids } = await pool().query<{ id: string }>(
      "SELECT nextval('test_case_id_seq') AS id FROM generate_series(1, $1)",
      [Math.max(missing, Math.min(20_000, 1000 + this.caseIds.length))],
    );
    this.freeCaseIds = [...this.freeCaseIds.reverse(), ...ids.map(({ id }) => Number(id))].reverse();
  }

  private async takeCriterion(row: Of<"criterion">): Promise<void> {
    await this.copies.settled();
    const found = await this.client.query<{ id: number; rubric: string; kind: string }>(
      "SELECT id, rubric, kind::text FROM criterion WHERE project_id = $1 AND key = $2",
      [this.job.projectId, row.key],
    );
    const before = found.rows[0];
    if (before && before.kind !== row.asks) {
      throw refuse(
        `The criterion “${row.key}” exists in this project with the kind ${before.kind}, here ${row.asks}. Give the new one another key.`,
        { ...row.at, field: "kind" },
      );
    }
    if (before && row.rubric !== "" && before.rubric !== row.rubric) {
      throw refuse(
        `The criterion “${row.key}” exists in this project with another rubric (“${shorten(before.rubric)}”, here “${shorten(row.rubric)}”). Give the new one another key.`,
        { ...row.at, field: "rubric" },
      );
    }
    const id =
      before?.id ??
      (await insert(
        this.client,
        "INSERT INTO criterion (project_id, key, name, rubric, kind) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        [this.job.projectId, row.key, row.name, row.rubric, row.asks],
      ));
    this.criterionIds[row.index] = id;
    this.criterionRows[row.index] = { ...row, rubric: before?.rubric ?? row.rubric };
  }

  private async takeJudge(row: Of<"judge">): Promise<void> {
    await this.copies.settled();
    const { client, job } = this;
    const found = await client.query<{ id: number }>("SELECT id FROM judge WHERE project_id = $1 AND key = $2", [
      job.projectId,
      row.key,
    ]);
    const judgeId =
      found.rows[0]?.id ??
      (await insert(client, "INSERT INTO judge (project_id, key) VALUES ($1, $2) RETURNING id", [
        job.projectId,
        row.key,
      ]));
    const criterion = this.criterionRows[row.criterionIndex]!;
    const digest = digestOf({
      model: row.model,
      prompt: row.prompt,
      criterion: criterion.key,
      rubric: criterion.rubric,
      threshold: row.threshold,
    });
    const same = await client.query<{ id: number }>(
      "SELECT id FROM judge_version WHERE judge_id = $1 AND digest = $2",
      [judgeId, digest],
    );
    this.judgeIds[row.index] =
      same.rows[0]?.id ??
      (await insert(
        client,
        `INSERT INTO judge_version (judge_id, criterion_id, number, digest, model, prompt, threshold)
         SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6 FROM judge_version WHERE judge_id = $1 RETURNING id`,
        [judgeId, this.criterionIds[row.criterionIndex], digest, row.model, row.prompt, row.threshold],
      ));
  }

  private async takeVersion(row: Of<"version">): Promise<void> {
    await this.copies.settled();
    const { client, promptId } = this;
    const content = row.content === null ? null : canonicalJson(row.content as JsonValue);
    const digest = content === null ? digestOf({ unknown: row.key }) : sha256Hex(content);
    const { rows } = await client.query<{ id: number; key: string; digest: string; content: string | null }>(
      "SELECT id, key, digest, content FROM prompt_version WHERE prompt_id = $1 AND (key = $2 OR digest = $3)",
      [promptId, row.key, digest],
    );
    const byKey = rows.find(({ key }) => key === row.key);
    if (byKey && content !== null && byKey.digest !== digest) {
      throw refuse(
        `The version “${row.key}” of prompt “${this.names.prompt}” exists with other content (${byKey.digest.slice(0, 12)}, here ${digest.slice(0, 12)}). Give the new one another key.`,
        { ...row.at, field: "content" },
      );
    }
    const same = byKey ?? rows.find((version) => version.digest === digest);
    const twin = same && this.versions.find(({ id }) => id === same.id);
    if (twin) {
      throw refuse(`The versions “${twin.row.key}” and “${row.key}” have the same content.`, {
        ...row.at,
        field: "content",
      });
    }
    if (same) {
      this.versions[row.index] = { id: same.id, key: same.key, digest: same.digest, row };
      return;
    }
    const id = await insert(
      client,
      `INSERT INTO prompt_version (prompt_id, number, key, content, digest, model, author, message, parent_id, contributor_id, metadata, created_at)
       SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7,
              (SELECT id FROM prompt_version WHERE prompt_id = $1 AND key = $8), $9, $10, coalesce($11, now())
         FROM prompt_version WHERE prompt_id = $1 RETURNING id`,
      [
        promptId,
        row.key,
        content,
        digest,
        row.model,
        row.author,
        row.message,
        row.parent,
        this.job.createdById,
        kept(row.metadata),
        time(row.createdAt, row.at, "createdAt"),
      ],
    );
    this.newVersions.push(row.key);
    this.versions[row.index] = { id, key: row.key, digest, row };
  }

  private takeCase(row: Of<"case">): void {
    const inputDigest = sha256Hex(`${row.input.isJson ? "json" : "text"}\n${row.input.text}`);
    const before = this.existing.get(row.key);
    if (before) {
      if (before.digest !== inputDigest) {
        throw refuse(
          `The case “${row.key}” exists in dataset “${this.names.dataset}” with another input (${before.digest.slice(0, 12)}, here ${inputDigest.slice(0, 12)}).`,
          { ...row.at, field: "input" },
        );
      }
      this.caseIds[row.index] = before.id;
      return;
    }
    const id = this.freeCaseIds.pop()!;
    this.caseIds[row.index] = id;
    this.copies.add("test_case", [
      id,
      this.datasetId,
      row.key,
      row.input.text,
      row.input.isJson,
      inputDigest,
      row.reference,
      row.slice,
      arrayLiteral(row.tags),
      row.mustPass,
      row.origin,
      row.generator,
      kept(row.metadata),
    ]);
  }

  /** Opens the run of a version before the first row that needs it. */
  private async openRun(versionIndex: number): Promise<void> {
    const version = this.versions[versionIndex]!;
    const model = version.row.model ?? "";
    await this.copies.settled();
    const { rows } = await this.client.query<{ id: number }>(
      `INSERT INTO run (project_id, version_id, dataset_id, model, source_digest, digest, import_id, output_count, error_count)
       VALUES ($1, $2, $3, $4, $5, '', $6, 0, 0) RETURNING id`,
      [this.job.projectId, version.id, this.datasetId, model, this.digest, this.job.id],
    );
    this.runs[versionIndex] = { id: rows[0]!.id, outputs: 0, errors: 0, judges: new Map() };
  }

  private takeOutput(row: Of<"output">): Promise<void> | void {
    const run = this.runs[row.versionIndex];
    if (!run) return this.openRun(row.versionIndex).then(() => this.takeOutput(row));
    run.outputs++;
    if (row.error !== null) run.errors++;
    this.copies.add("output", [
      run.id,
      this.caseIds[row.caseIndex],
      0,
      row.output?.text,
      row.output?.isJson ?? false,
      row.error,
      row.latencyMs,
      whole(row.inputTokens, row.at, "inputTokens"),
      whole(row.outputTokens, row.at, "outputTokens"),
      row.costUsd,
      row.model,
      time(row.answeredAt, row.at),
      kept(row.metadata),
    ]);
  }

  private takeVerdict(row: Of<"verdict">): Promise<void> | void {
    const run = this.runs[row.versionIndex];
    if (!run) return this.openRun(row.versionIndex).then(() => this.takeVerdict(row));
    const judgeId = this.judgeIds[row.judgeIndex]!;
    const tally = run.judges.get(judgeId) ?? { pass: 0, fail: 0, error: 0 };
    if (row.repeat === 0) tally[row.verdict]++;
    run.judges.set(judgeId, tally);
    this.copies.add("verdict", [
      run.id,
      this.caseIds[row.caseIndex],
      judgeId,
      row.repeat,
      row.verdict,
      row.score,
      row.rationale,
      time(row.judgedAt, row.at),
      kept(row.metadata),
    ]);
  }

  private takeReview(row: Of<"review">): Promise<void> | void {
    const run = this.runs[row.versionIndex];
    if (!run) return this.openRun(row.versionIndex).then(() => this.takeReview(row));
    this.copies.add("imported_review", [
      run.id,
      this.caseIds[row.caseIndex],
      this.criterionIds[row.criterionIndex],
      row.reviewer,
      row.verdict,
      row.score,
      row.note,
      arrayLiteral(row.tags),
      time(row.gradedAt, row.at),
      kept(row.metadata),
    ]);
  }

  /** The output of both versions came before. */
  private takePreferenceVerdict(row: Of<"preferenceVerdict">): void {
    const [first, second] = row.versionIndexes.map((index) => this.runs[index]!.id) as [number, number];
    const judgeId = this.judgeIds[row.judgeIndex]!;
    const name = `${first} ${second} ${judgeId}`;
    const pair = this.pairs.get(name) ?? {
      key: [first, second, judgeId] as [number, number, number],
      tally: { first: 0, second: 0, tie: 0, error: 0 },
    };
    pair.tally[row.prefer]++;
    this.pairs.set(name, pair);
    this.copies.add("preference_verdict", [
      first,
      second,
      this.caseIds[row.caseIndex],
      judgeId,
      0,
      row.prefer,
      row.score,
      row.rationale,
      time(row.judgedAt, row.at),
      kept(row.metadata),
    ]);
  }

  private takePreferenceReview(row: Of<"preferenceReview">): void {
    this.copies.add("imported_preference", [
      ...row.versionIndexes.map((index) => this.runs[index]!.id),
      this.caseIds[row.caseIndex],
      this.criterionIds[row.criterionIndex],
      row.reviewer,
      row.prefer,
      row.note,
      arrayLiteral(row.tags),
      time(row.gradedAt, row.at),
      kept(row.metadata),
    ]);
  }

  /** Ends the copying, and writes what only the end of the source tells. */
  async close(): Promise<void> {
    await this.copies.flushed();
    await this.resolveParents();
    await this.adoptLabels();
    for (const run of this.openedRuns()) {
      for (const [judgeVersionId, { pass, fail, error }] of run.judges) {
        await this.client.query(
          "INSERT INTO run_judge (run_id, judge_version_id, pass, fail, error) VALUES ($1, $2, $3, $4, $5)",
          [run.id, judgeVersionId, pass, fail, error],
        );
      }
    }
    for (const { key, tally } of this.pairs.values()) {
      await this.client.query(
        `INSERT INTO run_pair_judge (first_run_id, second_run_id, judge_version_id, first, second, tie, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [...key, tally.first, tally.second, tally.tie, tally.error],
      );
    }
  }

  /** When the import can't go on: nothing that was under way may come after what is done next on the connection. */
  async abandon(): Promise<void> {
    await this.copies.settled().catch(() => {});
  }

  /** In the order of their first row. */
  private openedRuns(): Run[] {
    return Object.values(this.runs).sort((a, b) => a.id - b.id);
  }

  /**
   * Gives every run the digest of what it holds, computed by the database from the stored rows.
   *
   * @param read how many rows of each kind the source has: so many must be there
   */
  async seal(read: { outputs: number; verdicts: number; reviews: number }): Promise<Sealed> {
    const of = (...names: (keyof typeof tables)[]) =>
      names.reduce((sum, name) => sum + (this.copies.stored[name] ?? 0), 0);
    const stored = {
      outputs: of("output"),
      verdicts: of("verdict", "preference_verdict"),
      reviews: of("imported_review", "imported_preference"),
    };
    for (const kind of ["outputs", "verdicts", "reviews"] as const) {
      if (stored[kind] !== read[kind])
        throw new Error(`${read[kind]} ${kind} were read and ${stored[kind]} are stored`);
    }
    const opened = this.openedRuns();
    // Side by side: a statement that reads may be shared out to other processes of the database, one that writes may not.
    await this.client.query("SET LOCAL max_parallel_workers_per_gather = 2");
    const each = opened.map(({ id }) => `SELECT id, run_digest(id) AS digest FROM run WHERE id = ${id}`);
    const { rows: runs } = await this.client.query<{ id: number; digest: string }>(
      `${each.join(" UNION ALL ")} ORDER BY id`,
    );
    for (const [index, { id, outputs, errors }] of opened.entries()) {
      await this.client.query("UPDATE run SET digest = $2, output_count = $3, error_count = $4 WHERE id = $1", [
        id,
        runs[index]!.digest,
        outputs,
        errors,
      ]);
    }
    return { promptId: this.promptId, datasetId: this.datasetId, runs };
  }

  /** A parent may stand after its child in the file. */
  private async resolveParents(): Promise<void> {
    const parentOf = new Map<number, number>();
    for (const { id, row } of this.versions) {
      if (!row.parent || !this.newVersions.includes(row.key)) continue;
      const parent =
        this.versions.find((version) => version.row.key === row.parent)?.id ??
        (
          await this.client.query<{ id: number }>("SELECT id FROM prompt_version WHERE prompt_id = $1 AND key = $2", [
            this.promptId,
            row.parent,
          ])
        ).rows[0]?.id;
      if (parent === undefined) {
        throw refuse(`The parent “${row.parent}” of version “${row.key}” is not known.`, {
          ...row.at,
          field: "parent",
        });
      }
      parentOf.set(id, parent);
      for (let at: number | undefined = parent; at !== undefined; at = parentOf.get(at)) {
        if (at === id)
          throw refuse(`The version “${row.key}” can't be its own parent or ancestor.`, { ...row.at, field: "parent" });
      }
      await this.client.query("UPDATE prompt_version SET parent_id = $2 WHERE id = $1", [id, parent]);
    }
  }

  private async adoptLabels(): Promise<void> {
    const holder = new Map<string, { key: string; at: At }>();
    for (const { id, key, digest, row } of this.versions) {
      for (const name of row.labels) {
        const other = holder.get(name);
        if (other)
          throw refuse(`The label “${name}” is given to “${other.key}” and to “${row.key}”.`, {
            ...row.at,
            field: "labels",
          });
        holder.set(name, { key: row.key, at: row.at });
        const moved = await writeLabelMove(rawQueries(this.client), {
          prompt: { id: this.promptId, name: this.names.prompt },
          label: name,
          kind: "adopted",
          from: null,
          to: { id, key, digest },
          protected: protectedLabels.includes(name),
          by: { name: `import by ${this.job.createdBy}`, userId: this.job.createdById },
          details: { importId: this.job.id, for: this.job.createdBy },
        });
        if (moved) this.adoptedLabels.push({ label: name, version: key, event: moved.event });
      }
    }
  }
}

function kept(metadata: Record<string, unknown>): string | null {
  for (const _name in metadata) return canonicalJson(metadata as JsonValue);
  return null;
}

/** A whole number as its column holds it. */
function whole(value: number | null, at: At, field: string): number | null {
  if (value !== null && value > 2_147_483_647) throw refuse(`The number ${value} is out of range.`, { ...at, field });
  return value;
}

/** A time with a year that ISO 8601 and PostgreSQL both write with four digits. */
function time(value: Date | null, at: At, field = "at"): Date | null {
  if (value && !/^(?!0000)\d{4}-/.test(value.toISOString()))
    throw refuse(`The time ${value.toISOString()} is out of range.`, { ...at, field });
  return value;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

async function insert(client: PoolClient, sql: string, values: unknown[]): Promise<number> {
  const { rows } = await client.query<{ id: number }>(sql, values);
  return rows[0]!.id;
}

async function findOrMake(
  client: PoolClient,
  table: "prompt" | "dataset",
  projectId: number,
  name: string,
): Promise<number> {
  await client.query(`INSERT INTO ${table} (project_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    projectId,
    name,
  ]);
  const { rows } = await client.query<{ id: number }>(`SELECT id FROM ${table} WHERE project_id = $1 AND name = $2`, [
    projectId,
    name,
  ]);
  return rows[0]!.id;
}
