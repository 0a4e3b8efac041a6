import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";
import type { PoolClient } from "pg";
import type { NewEvent } from "../audit/append";
import { rawQueries } from "../db/transaction";
import { canonicalJson, digestOf, type JsonValue, sha256Hex } from "../digest";
import type { ResolvedRow } from "../formats/resolve";
import { type At, refuse, type Target } from "../formats/rows";
import { writeLabelMove } from "../prompts/label-moves";
import { protectedLabels } from "../prompts/labels";
import { arrayLiteral, copyLine } from "./copy-text";

type Job = { id: number; projectId: number; createdById: number | null; createdBy: string };
type Of<K extends ResolvedRow["kind"]> = Extract<ResolvedRow, { kind: K }>;
type Tally = { pass: number; fail: number; error: number };
type PreferenceTally = { first: number; second: number; tie: number; error: number };
type Run = {
  id: number;
  versionId: number;
  model: string;
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
type TableName = keyof typeof tables;

/** A file of COPY lines for one table, open only while it is written to: an import that fails leaves no handle behind. */
class Spool {
  private held: string[] = [];
  private size = 0;
  rows = 0;

  constructor(readonly file: string) {}

  add(line: string): void {
    this.held.push(line);
    this.size += line.length;
    this.rows++;
  }

  async flush(): Promise<void> {
    if (this.held.length === 0) return;
    const text = this.held.join("");
    this.held = [];
    this.size = 0;
    await appendFile(this.file, text);
  }

  get isFull(): boolean {
    return this.size > 256 * 1024;
  }
}

/**
 * Where an import goes: small things (prompt, versions, criteria, judges) are found or made at once in the import's
 * transaction; cases, outputs, verdicts and reviews are spooled as COPY text and stored at the end.
 */
export class ImportTarget {
  private constructor(
    private readonly client: PoolClient,
    private readonly job: Job,
    readonly names: Target,
    private readonly digest: string,
    private readonly promptId: number,
    private readonly datasetId: number,
    private readonly existing: Map<string, { id: number; digest: string }>,
    private readonly spools: Record<TableName, Spool>,
  ) {}

  readonly newVersions: string[] = [];
  readonly adoptedLabels: { label: string; version: string; event: NewEvent }[] = [];
  private readonly criterionIds: number[] = [];
  private readonly criterionRows: Of<"criterion">[] = [];
  private readonly judgeIds: number[] = [];
  private readonly versions: { id: number; key: string; digest: string; row: Of<"version"> }[] = [];
  private readonly caseIds: number[] = [];
  private readonly runs = new Map<number, Run>();
  /** By first run, second run and judge version. */
  private readonly pairs = new Map<string, { key: [number, number, number]; tally: PreferenceTally }>();
  private freeCaseIds: number[] = [];

  static async open(
    client: PoolClient,
    job: Job,
    names: Target,
    digest: string,
    folder: string,
  ): Promise<ImportTarget> {
    await mkdir(folder, { recursive: true });
    const promptId = await findOrMake(client, "prompt", job.projectId, names.prompt);
    const datasetId = await findOrMake(client, "dataset", job.projectId, names.dataset);
    const existing = new Map<string, { id: number; digest: string }>();
    const { rows } = await client.query<{ id: number; key: string; digest: string }>(
      "SELECT id, key, input_digest AS digest FROM test_case WHERE dataset_id = $1",
      [datasetId],
    );
    for (const { id, key, digest: input } of rows) existing.set(key, { id, digest: input });
    const spools = Object.fromEntries(
      Object.keys(tables).map((table) => [table, new Spool(path.join(folder, table))]),
    ) as Record<TableName, Spool>;
    return new ImportTarget(client, job, names, digest, promptId, datasetId, existing, spools);
  }

  async take(row: ResolvedRow): Promise<void> {
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

  /** Lets the disk catch up. */
  async drained(): Promise<void> {
    for (const spool of Object.values(this.spools)) if (spool.isFull) await spool.flush();
  }

  private async takeCriterion(row: Of<"criterion">): Promise<void> {
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

  private async takeCase(row: Of<"case">): Promise<void> {
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
    const id = await this.nextCaseId();
    this.caseIds[row.index] = id;
    this.spools.test_case.add(
      copyLine([
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
      ]),
    );
  }

  private async nextCaseId(): Promise<number> {
    if (this.freeCaseIds.length === 0) {
      const { rows } = await this.client.query<{ id: string }>(
        "SELECT nextval('test_case_id_seq') AS id FROM generate_series(1, 1000)",
      );
      this.freeCaseIds = rows.map(({ id }) => Number(id)).reverse();
    }
    return this.freeCaseIds.pop()!;
  }

  private async runOf(versionIndex: number): Promise<Run> {
    const found = this.runs.get(versionIndex);
    if (found) return found;
    const { rows } = await this.client.query<{ id: string }>("SELECT nextval('run_id_seq') AS id");
    const version = this.versions[versionIndex]!;
    const run = {
      id: Number(rows[0]!.id),
      versionId: version.id,
      model: version.row.model ?? "",
      outputs: 0,
      errors: 0,
      judges: new Map<number, Tally>(),
    };
    this.runs.set(versionIndex, run);
    return run;
  }

  private async takeOutput(row: Of<"output">): Promise<void> {
    const run = await this.runOf(row.versionIndex);
    run.outputs++;
    if (row.error !== null) run.errors++;
    this.spools.output.add(
      copyLine([
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
      ]),
    );
  }

  private async takeVerdict(row: Of<"verdict">): Promise<void> {
    const run = await this.runOf(row.versionIndex);
    const judgeId = this.judgeIds[row.judgeIndex]!;
    const tally = run.judges.get(judgeId) ?? { pass: 0, fail: 0, error: 0 };
    if (row.repeat === 0) tally[row.verdict]++;
    run.judges.set(judgeId, tally);
    this.spools.verdict.add(
      copyLine([
        run.id,
        this.caseIds[row.caseIndex],
        judgeId,
        row.repeat,
        row.verdict,
        row.score,
        row.rationale,
        time(row.judgedAt, row.at),
        kept(row.metadata),
      ]),
    );
  }

  private async takeReview(row: Of<"review">): Promise<void> {
    const run = await this.runOf(row.versionIndex);
    this.spools.imported_review.add(
      copyLine([
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
      ]),
    );
  }

  private async takePreferenceVerdict(row: Of<"preferenceVerdict">): Promise<void> {
    const first = (await this.runOf(row.versionIndexes[0])).id;
    const second = (await this.runOf(row.versionIndexes[1])).id;
    const judgeId = this.judgeIds[row.judgeIndex]!;
    const name = `${first} ${second} ${judgeId}`;
    const pair = this.pairs.get(name) ?? {
      key: [first, second, judgeId] as [number, number, number],
      tally: { first: 0, second: 0, tie: 0, error: 0 },
    };
    pair.tally[row.prefer]++;
    this.pairs.set(name, pair);
    this.spools.preference_verdict.add(
      copyLine([
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
      ]),
    );
  }

  private async takePreferenceReview(row: Of<"preferenceReview">): Promise<void> {
    this.spools.imported_preference.add(
      copyLine([
        (await this.runOf(row.versionIndexes[0])).id,
        (await this.runOf(row.versionIndexes[1])).id,
        this.caseIds[row.caseIndex],
        this.criterionIds[row.criterionIndex],
        row.reviewer,
        row.prefer,
        row.note,
        arrayLiteral(row.tags),
        time(row.gradedAt, row.at),
        kept(row.metadata),
      ]),
    );
  }

  /** Writes the runs, and gives the files to copy, in the order in which they refer to each other. */
  async close(): Promise<{ file: string; statement: string }[]> {
    await this.resolveParents();
    await this.adoptLabels();
    for (const run of this.runs.values()) {
      await this.client.query(
        `INSERT INTO run (id, project_id, version_id, dataset_id, model, source_digest, digest, import_id, output_count, error_count)
         VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9)`,
        [
          run.id,
          this.job.projectId,
          run.versionId,
          this.datasetId,
          run.model,
          this.digest,
          this.job.id,
          run.outputs,
          run.errors,
        ],
      );
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
    const files: { file: string; statement: string }[] = [];
    for (const [table, spool] of Object.entries(this.spools) as [TableName, Spool][]) {
      await spool.flush();
      if (spool.rows > 0) files.push({ file: spool.file, statement: `COPY ${table} (${tables[table]}) FROM STDIN` });
    }
    return files;
  }

  /** Gives every run the digest of what it holds, computed by the database from the stored rows. */
  async seal(): Promise<{ promptId: number; datasetId: number; runs: { id: number; digest: string }[] }> {
    const runs: { id: number; digest: string }[] = [];
    for (const run of this.runs.values()) {
      const { rows } = await this.client.query<{ id: number; digest: string }>(
        "UPDATE run SET digest = run_digest(id) WHERE id = $1 RETURNING id, digest",
        [run.id],
      );
      runs.push(rows[0]!);
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
