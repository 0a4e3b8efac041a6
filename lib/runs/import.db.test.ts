import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import pg from "pg";
import { describe, expect, it } from "vitest";
import type { Person, Role } from "../auth/actor";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { moveLabel } from "../prompts/commands";
import { type Files, tarEntries, tarOf, zipEntries, zipOf } from "../testing/archives";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { startImport } from "./commands";
import { runNextImport } from "./load";
import { getImport, getRun, type ImportFailure, listImports, listRuns } from "./queries";
import { type ImportOptions, importOptionsSchema } from "./schema";

const { asOwner, ownerUrl, url } = await testDatabase();
const root = fileURLToPath(new URL("../..", import.meta.url));

const contentOf = (text: string) => ({ messages: [{ role: "system", content: text }], parameters: { temperature: 0 } });
const head = {
  format: "countersign-bundle/1",
  prompt: "support/answers",
  dataset: "support-eval",
  criteria: [
    { key: "grounded", name: "States only what the policy says", rubric: "Pass when every claim is in the policy." },
    { key: "kind", rubric: "Pass when polite." },
  ],
  judges: [
    { key: "judge-grounded", criterion: "grounded", model: "m1", prompt: "Is it grounded?" },
    { key: "judge-kind", criterion: "kind", model: "m1", threshold: 0.5 },
  ],
  versions: [
    { key: "v1", author: "ann", content: contentOf("one"), createdAt: "2026-03-01T09:00:00Z", labels: ["production"] },
    { key: "v2", parent: "v1", content: contentOf("two"), ticket: "T-7" },
  ],
};
const cases = [
  { case: "c1", input: "How do I\treturn\nthis?", reference: "By post", slice: "returns", tags: ['a"b', "c\\d"] },
  { case: "c2", input: { question: "b", asked: 2 }, mustPass: true, origin: "production", ticket: 9 },
  { case: "c3", input: "\\N" },
];
const outputs = [
  { case: "c1", version: "v1", output: "answer 1", latencyMs: 12.5, inputTokens: 7, outputTokens: 3, costUsd: 0.001 },
  { case: "c2", version: "v1", output: { b: 1, a: "\\N" } },
  { case: "c3", version: "v1", error: "timed out" },
  { case: "c1", version: "v2", output: "answer 1 of two", at: "2026-03-02T09:00:00+02:00" },
  { case: "c2", version: "v2", output: "" },
  { case: "c3", version: "v2", output: "😀 ä" },
];
const verdicts = [
  { case: "c1", version: "v1", judge: "judge-grounded", verdict: "pass", rationale: "in §3" },
  { case: "c2", version: "v1", judge: "judge-grounded", verdict: "fail" },
  { case: "c3", version: "v1", judge: "judge-grounded", verdict: "error" },
  { case: "c1", version: "v2", judge: "judge-grounded", verdict: "pass" },
  { case: "c1", version: "v1", judge: "judge-kind", score: 0.5 },
  { case: "c2", version: "v1", judge: "judge-kind", score: 0.49 },
];
const reviews = [
  {
    case: "c1",
    version: "v1",
    criterion: "grounded",
    reviewer: "ann",
    verdict: "unsure",
    note: "which §?",
    tags: ["x"],
  },
  { case: "c1", version: "v1", criterion: "grounded", reviewer: "bob", verdict: "fail" },
];

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const filesOf = (changes: Files = {}): Files => ({
  "bundle.json": JSON.stringify(head),
  "cases.jsonl": lines(cases),
  "outputs.jsonl": lines(outputs),
  "verdicts.jsonl": lines(verdicts),
  "reviews.jsonl": lines(reviews),
  ...changes,
});
const withHead = (changes: object): Files => filesOf({ "bundle.json": JSON.stringify({ ...head, ...changes }) });

const tarGz = async (files: Files) => gzipSync(await tarOf(tarEntries(files)));
const zip = (files: Files) => zipOf(zipEntries(files).map((entry) => ({ ...entry, stored: true })));

const result = (promptIdx: number, testIdx: number, changes: object = {}) => ({
  promptIdx,
  testIdx,
  vars: { question: `question ${testIdx}` },
  response: { output: `answer ${promptIdx}.${testIdx}` },
  success: true,
  score: 1,
  failureReason: 0,
  gradingResult: {
    reason: "fine",
    componentResults: [{ pass: true, score: 1, reason: "has it", assertion: { type: "contains", metric: "cites" } }],
  },
  testCase: { metadata: { slice: "returns", mustPass: testIdx === 0 } },
  ...changes,
});
const promptfoo = {
  evalId: "eval-1",
  results: {
    version: 3,
    prompts: [
      { label: "short", raw: "Answer shortly: {{question}}", provider: "openai:m1" },
      { label: "long", raw: "Answer at length: {{question}}", provider: "openai:m1" },
    ],
    results: [
      result(1, 0, { success: false, score: 0, failureReason: 1, error: "Expected output to contain" }),
      result(0, 0),
      result(0, 1),
      result(1, 1, { success: false, failureReason: 2, error: "429 from the provider", response: { error: "429" } }),
    ],
  },
};

const managerOf = async (roles: Role[] = ["release_manager"]) => seedPerson((await seedProject()).id, { roles });

async function upload(actor: Person, bytes: Buffer | string, input: Partial<ImportOptions> = {}): Promise<number> {
  const options: ImportOptions = { format: "auto", fileName: "bundle.tar.gz", ...input };
  return (await startImport({ actor, input: options, body: Readable.from([Buffer.from(bytes)]) })).id;
}

async function runAll(): Promise<void> {
  let worked = true;
  while (worked) worked = await runNextImport();
}

async function importFiles(actor: Person, files: Files = filesOf()) {
  const id = await upload(actor, await tarGz(files));
  await runAll();
  return getImport(actor, id);
}

/** Rows of every table but the log's and the imports' own. */
async function domainRows(): Promise<Record<string, number>> {
  const tables = await asOwner<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT IN ('import', 'import_chunk', '_prisma_migrations')
        AND table_name NOT LIKE 'audit%' ORDER BY 1`,
  );
  const counts = tables
    .map(({ name }) => `SELECT '${name}' AS name, count(*)::int AS n FROM ${name}`)
    .join(" UNION ALL ");
  const rows = await asOwner<{ name: string; n: number }>(counts);
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

type Leaf = {
  action: string;
  actor: { kind: string; id: number | null; name: string; email?: string };
  subject: { kind: string; id: string };
  after?: string;
  details: Record<string, unknown>;
};

async function eventsOf(importId: number): Promise<Leaf[]> {
  const entries = await db.auditEntry.findMany({
    where: { action: { startsWith: "import." } },
    orderBy: { index: "asc" },
  });
  return entries
    .map(({ leaf }) => JSON.parse(Buffer.from(leaf).toString()) as Leaf)
    .filter(({ subject }) => subject.kind === "import" && subject.id === String(importId));
}

/** Runs `during` while a table is locked against what the import stores there, once the import waits for it. */
async function whileHeld(table: string, start: () => void, during: (waiting: number) => Promise<void>): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query("BEGIN");
    await owner.query(`LOCK TABLE ${table} IN SHARE MODE`);
    start();
    let waiting: number | undefined;
    for (let i = 0; waiting === undefined && i < 600; i++) {
      await wait(50);
      const { rows } = await owner.query<{ pid: number }>(
        "SELECT pid FROM pg_locks WHERE NOT granted AND relation = $1::regclass",
        [table],
      );
      waiting = rows[0]?.pid;
    }
    if (waiting === undefined) throw new Error(`Nothing came to wait for ${table}.`);
    await during(waiting);
    await owner.query("ROLLBACK");
  } finally {
    await owner.end();
  }
}

/** Until the server has noticed that the worker is gone, its job is still its own. */
async function runUntilEnded(actor: Person, id: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await runAll();
    if (["done", "failed"].includes((await getImport(actor, id)).state)) return;
    await wait(50);
  }
}

describe("a bundle", () => {
  it("becomes versions, cases, outputs, verdicts and reviews, and reports their numbers", async () => {
    const manager = await managerOf();
    const view = await importFiles(manager);
    expect(view).toMatchObject({
      state: "done",
      format: "bundle",
      phase: "done",
      progress: 1,
      counts: { versions: 2, cases: 3, outputs: 6, verdicts: 6, reviews: 2 },
      unchanged: false,
      error: null,
      prompt: "support/answers",
      dataset: "support-eval",
      createdBy: manager.email,
    });
    expect(view.runs.map(({ version }) => version)).toEqual(["v1", "v2"]);
    const { createdAt, startedAt, finishedAt } = (await db.import.findUnique({ where: { id: view.id } }))!;
    const times = [createdAt, startedAt, finishedAt].map(Number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(await db.importChunk.count()).toBe(0);

    const versions = await db.promptVersion.findMany({
      where: { prompt: { projectId: manager.projectId } },
      include: { parent: true, labels: true },
      orderBy: { number: "asc" },
    });
    expect(versions).toMatchObject([
      { key: "v1", number: 1, author: "ann", parent: null, labels: [{ name: "production", protected: true }] },
      { key: "v2", number: 2, author: null, parent: { key: "v1" }, labels: [], metadata: '{"ticket":"T-7"}' },
    ]);
    expect(versions[0]!.createdAt).toEqual(new Date("2026-03-01T09:00:00Z"));
    expect(versions.map(({ contributorId }) => contributorId)).toEqual([manager.userId, manager.userId]);
    const content = canonicalJson(contentOf("one"));
    expect(versions[0]).toMatchObject({ content, digest: sha256Hex(content) });

    const [first, second, third] = await db.case.findMany({ orderBy: { key: "asc" } });
    expect(first).toMatchObject({
      key: "c1",
      input: "How do I\treturn\nthis?",
      inputIsJson: false,
      reference: "By post",
      slice: "returns",
      tags: ['a"b', "c\\d"],
      mustPass: false,
      origin: "human",
    });
    expect(second).toMatchObject({
      input: '{"asked":2,"question":"b"}',
      inputIsJson: true,
      mustPass: true,
      origin: "production",
      metadata: '{"ticket":9}',
    });
    expect(third!.input).toBe("\\N");

    const [one, two] = view.runs.map(({ id }) => id);
    const stored = await db.output.findMany({ orderBy: [{ runId: "asc" }, { caseId: "asc" }] });
    expect(stored.map(({ runId, caseId, output, error }) => [runId, caseId, output, error])).toEqual([
      [one, first!.id, "answer 1", null],
      [one, second!.id, '{"a":"\\\\N","b":1}', null],
      [one, third!.id, null, "timed out"],
      [two, first!.id, "answer 1 of two", null],
      [two, second!.id, "", null],
      [two, third!.id, "😀 ä", null],
    ]);
    expect(stored[0]).toMatchObject({ latencyMs: 12.5, inputTokens: 7, outputTokens: 3, costUsd: 0.001 });
    expect(stored[3]!.at).toEqual(new Date("2026-03-02T07:00:00Z"));

    const run = await getRun(manager, one!);
    expect(run).toMatchObject({ outputs: 3, errors: 1, importId: view.id, importedBy: manager.email });
    expect(run.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(run.judges).toMatchObject([
      { key: "judge-grounded", number: 1, criterion: "grounded", pass: 1, fail: 1, error: 1 },
      { key: "judge-kind", number: 1, criterion: "kind", pass: 1, fail: 1, error: 0 },
    ]);
    expect(await db.verdict.count({ where: { runId: { in: [one!, two!] } } })).toBe(6);
    expect(
      await db.verdict.findFirst({ where: { runId: one, caseId: first!.id, rationale: { not: null } } }),
    ).toMatchObject({ verdict: "pass", rationale: "in §3", score: null });
    expect(await db.importedReview.findMany({ orderBy: { reviewer: "asc" } })).toMatchObject([
      { runId: one, caseId: first!.id, reviewer: "ann", verdict: "unsure", note: "which §?", tags: ["x"] },
      { runId: one, caseId: first!.id, reviewer: "bob", verdict: "fail", note: null, tags: [] },
    ]);
  });

  it("is logged: who started it, and what came of it", async () => {
    const manager = await managerOf();
    const view = await importFiles(manager);
    const [started, completed, ...more] = await eventsOf(view.id);
    expect(more).toEqual([]);
    expect(started).toMatchObject({
      action: "import.started",
      actor: { kind: "person", id: manager.userId, email: manager.email },
      details: { bytes: view.byteSize, format: "auto" },
    });
    const { sourceDigest, digest } = await getRun(manager, view.runs[0]!.id);
    expect(completed).toMatchObject({
      action: "import.completed",
      actor: { kind: "system", name: "import worker" },
      after: sourceDigest,
      details: {
        for: manager.email,
        prompt: "support/answers",
        dataset: "support-eval",
        counts: { versions: 2, cases: 3, outputs: 6, verdicts: 6, reviews: 2 },
        newVersions: ["v1", "v2"],
        adoptedLabels: ["production → v1"],
      },
    });
    expect(completed!.details.runs).toContainEqual({ id: view.runs[0]!.id, digest });
  });

  it("sets a label only where the prompt has none of that name", async () => {
    const manager = await managerOf();
    await importFiles(manager);
    const [one, two] = head.versions;
    const three = { key: "v3", content: contentOf("three"), labels: ["production", "staging"] };
    const outputsOfThree = lines([...outputs, { case: "c1", version: "v3", output: "three" }]);
    const view = await importFiles(manager, {
      ...withHead({ versions: [{ ...one, labels: [] }, two, three] }),
      "outputs.jsonl": outputsOfThree,
    });
    expect(view.error).toBeNull();
    const labels = () =>
      db.label
        .findMany({
          where: { prompt: { projectId: manager.projectId } },
          include: { version: true },
          orderBy: { name: "asc" },
        })
        .then((rows) => rows.map(({ name, version }) => [name, version.key]));
    expect(await labels()).toEqual([
      ["production", "v1"],
      ["staging", "v3"],
    ]);
    expect((await eventsOf(view.id))[1]!.details.adoptedLabels).toEqual(["staging → v3"]);
    const adopted = await db.auditEntry.findMany({
      where: { action: "label.adopted", projectId: manager.projectId },
      orderBy: { index: "asc" },
    });
    expect(adopted.map(({ leaf }) => JSON.parse(Buffer.from(leaf).toString()))).toMatchObject([
      { subject: { kind: "label", id: "support/answers/production" }, details: { to: "v1" } },
      { subject: { kind: "label", id: "support/answers/staging" }, details: { to: "v3", importId: view.id } },
    ]);
    // One that was moved since stays where it was moved.
    await moveLabel({ actor: manager, input: { prompt: head.prompt, label: "staging", version: "v2" } });
    await importFiles(manager, { ...withHead({ versions: [three] }), ...onlyVersion("v3") });
    expect(await labels()).toContainEqual(["staging", "v2"]);
  });
});

/** Files in which only the given version answers, and nobody judges. */
const onlyVersion = (version: string, output = "alone"): Files => ({
  "outputs.jsonl": lines([{ case: "c1", version, output }]),
  "verdicts.jsonl": "",
  "reviews.jsonl": "",
});

describe("promptfoo results", () => {
  it("become versions, cases, outputs and verdicts, named as given with the upload", async () => {
    const manager = await managerOf();
    const id = await upload(manager, JSON.stringify(promptfoo, null, 2), {
      fileName: "eval.json",
      prompt: "answers",
      dataset: "questions",
    });
    await runAll();
    const view = await getImport(manager, id);
    expect(view).toMatchObject({
      state: "done",
      format: "promptfoo",
      prompt: "answers",
      dataset: "questions",
      counts: { versions: 2, cases: 2, outputs: 4, verdicts: 7, reviews: 0 },
    });
    const runOf = async (version: string) => getRun(manager, view.runs.find((run) => run.version === version)!.id);
    expect(await runOf("short")).toMatchObject({
      model: "openai:m1",
      outputs: 2,
      errors: 0,
      judges: [
        { key: "contains:cites", criterion: "cites", pass: 2, fail: 0, error: 0 },
        { key: "promptfoo", criterion: "overall", pass: 2, fail: 0, error: 0 },
      ],
    });
    expect(await runOf("long")).toMatchObject({
      outputs: 2,
      errors: 1,
      judges: [
        { key: "contains:cites", pass: 1 },
        { key: "promptfoo", pass: 0, fail: 1, error: 1 },
      ],
    });
    const { id: datasetId } = await db.dataset.findFirstOrThrow({ where: { projectId: manager.projectId } });
    expect(await db.case.count({ where: { datasetId, mustPass: true, slice: "returns" } })).toBe(1);
  });

  it("take their names from the file's, and their JSONL form has versions of unknown text", async () => {
    const manager = await managerOf();
    const id = await upload(
      manager,
      lines(promptfoo.results.results.map((row) => ({ ...row, prompt: { label: `p${row.promptIdx}` } }))),
      { fileName: "nightly.results.jsonl" },
    );
    await runAll();
    expect(await getImport(manager, id)).toMatchObject({
      state: "done",
      prompt: "nightly",
      dataset: "nightly",
      counts: { versions: 2, cases: 2, outputs: 4 },
    });
    const versions = await db.promptVersion.findMany({ where: { prompt: { projectId: manager.projectId } } });
    expect(versions.map(({ key, content }) => [key, content]).sort()).toEqual([
      ["p0", null],
      ["p1", null],
    ]);
  });
});

describe("who may", () => {
  it.each(["viewer", "reviewer", "auditor"] as const)(
    "not a %s: nothing is kept, not even the upload",
    async (role) => {
      const actor = await managerOf([role]);
      const before = await domainRows();
      await expect(upload(actor, await tarGz(filesOf()))).rejects.toMatchObject({ code: "forbidden" });
      expect(await db.import.count({ where: { projectId: actor.projectId } })).toBe(0);
      expect(await db.importChunk.count()).toBe(0);
      expect(await db.auditEntry.count({ where: { projectId: actor.projectId } })).toBe(0);
      expect(await domainRows()).toEqual(before);
    },
  );

  it("an administrator and a release manager", async () => {
    for (const role of ["administrator", "release_manager"] as const) {
      expect((await importFiles(await managerOf([role]))).state).toBe("done");
    }
  });

  it("not across projects: another project's import and runs are not there, and its rows are its own", async () => {
    const [manager, stranger] = [await managerOf(), await managerOf()];
    const view = await importFiles(manager);
    await expect(getImport(stranger, view.id)).rejects.toMatchObject({ code: "not_found" });
    await expect(getRun(stranger, view.runs[0]!.id)).rejects.toMatchObject({ code: "not_found" });
    const absent = await getImport(stranger, 2_000_000_000).catch((error: Error) => error.message);
    expect(await getImport(stranger, view.id).catch((error: Error) => error.message)).toBe(absent);
    expect(await listImports(stranger)).toEqual([]);
    expect((await listRuns(stranger)).rows).toEqual([]);
    // The same source there is new there.
    const own = await importFiles(stranger);
    expect(own).toMatchObject({ state: "done", unchanged: false });
    expect((await listRuns(manager)).rows).toHaveLength(2);
    expect((await listRuns(stranger)).rows).toHaveLength(2);
  });
});

describe("an upload", () => {
  it("that breaks off leaves nothing; one without a byte is refused", async () => {
    const manager = await managerOf();
    const input: ImportOptions = { format: "auto", fileName: "bundle.zip" };
    async function* breaking() {
      yield Buffer.alloc(3 * 1024 * 1024);
      throw new Error("the connection is gone");
    }
    await expect(startImport({ actor: manager, input, body: breaking() })).rejects.toThrow("the connection is gone");
    // The database's connection goes while the body is awaited.
    async function* waiting() {
      yield Buffer.alloc(3 * 1024 * 1024);
      await asOwner(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'",
      );
      await wait(100);
      yield Buffer.alloc(3 * 1024 * 1024);
    }
    await expect(startImport({ actor: manager, input, body: waiting() })).rejects.toThrow();
    await expect(startImport({ actor: manager, input, body: Readable.from([]) })).rejects.toMatchObject({
      code: "invalid",
      place: { file: "bundle.zip" },
    });
    expect(await db.import.count({ where: { projectId: manager.projectId } })).toBe(0);
    expect(await db.importChunk.count()).toBe(0);
    expect(await db.auditEntry.count({ where: { projectId: manager.projectId } })).toBe(0);
  });
});

describe("the names given with an upload", () => {
  it("hold no NUL, which the database could not store", () => {
    for (const name of ["fileName", "prompt", "dataset"]) {
      expect(importOptionsSchema.safeParse({ [name]: "a\0b" }).success).toBe(false);
      expect(importOptionsSchema.safeParse({ [name]: "a b" }).success).toBe(true);
    }
  });
});

describe("the same source again", () => {
  it("is unchanged, however it is packed: no new row but the import's own", async () => {
    const manager = await managerOf();
    const first = await importFiles(manager);
    const before = await domainRows();
    const id = await upload(manager, zip(filesOf()), { fileName: "bundle.zip" });
    await runAll();
    const again = await getImport(manager, id);
    expect(again).toMatchObject({ state: "done", unchanged: true, counts: first.counts, runs: [], error: null });
    expect(await domainRows()).toEqual(before);
    expect(await db.importChunk.count()).toBe(0);
    expect((await eventsOf(id)).map(({ action, details }) => [action, details.sameAs])).toEqual([
      ["import.started", undefined],
      ["import.unchanged", first.id],
    ]);
  });

  it("holds for promptfoo results as well", async () => {
    const manager = await managerOf();
    const fileName = "again.json";
    await upload(manager, JSON.stringify(promptfoo), { fileName });
    await runAll();
    const before = await domainRows();
    const id = await upload(manager, JSON.stringify(promptfoo), { fileName });
    await runAll();
    expect(await getImport(manager, id)).toMatchObject({ state: "done", unchanged: true });
    expect(await domainRows()).toEqual(before);
  });

  it("five at once, with five workers: one set of rows", async () => {
    const manager = await managerOf();
    const empty = await domainRows();
    const bytes = await tarGz(filesOf());
    const ids = await Promise.all([1, 2, 3, 4, 5].map(() => upload(manager, bytes)));
    await Promise.all(ids.map(runAll));
    const views = await Promise.all(ids.map((id) => getImport(manager, id)));
    expect(views.map(({ state }) => state)).toEqual(Array(5).fill("done"));
    expect(views.filter(({ unchanged }) => unchanged)).toHaveLength(4);
    const rows = await domainRows();
    const added = Object.fromEntries(
      Object.entries(rows)
        .map(([table, count]) => [table, count - empty[table]!] as const)
        .filter(([, count]) => count > 0),
    );
    expect(added).toEqual({
      prompt: 1,
      prompt_version: 2,
      label: 1,
      label_move: 1,
      dataset: 1,
      test_case: 3,
      criterion: 2,
      judge: 2,
      judge_version: 2,
      run: 2,
      run_judge: 3,
      output: 6,
      verdict: 6,
      imported_review: 2,
    });
    const actions = (await Promise.all(ids.map(eventsOf))).flat().map(({ action }) => action);
    expect(actions.filter((action) => action === "import.completed")).toHaveLength(1);
    expect(actions.filter((action) => action === "import.unchanged")).toHaveLength(4);
  });
});

const many = Array.from({ length: 1300 }, (_, i) => `c${i + 1}`);
/** 1300 cases with an answer and a verdict each; `broken` stands in for a line of the verdicts. */
const largeWith = (line: number, broken: string): Files => {
  const judged = many.map((key) =>
    JSON.stringify({ case: key, version: "v1", judge: "judge-grounded", verdict: "pass" }),
  );
  judged[line - 1] = broken;
  return filesOf({
    "cases.jsonl": lines(many.map((key) => ({ case: key, input: key }))),
    "outputs.jsonl": lines(many.map((key) => ({ case: key, version: "v1", output: "long ".repeat(200) }))),
    "verdicts.jsonl": `${judged.join("\n")}\n`,
  });
};
const verdictLine = (changes: object) =>
  `${lines(verdicts.slice(0, 2))}${JSON.stringify({ case: "c1", version: "v2", judge: "judge-grounded", verdict: "pass", ...changes })}\n`;
const inVerdicts = (text: string | Buffer): Files => filesOf({ "verdicts.jsonl": text });

const broken: [string, Files, ImportFailure][] = [
  [
    "a broken line 1234",
    largeWith(1234, '{"case": "c1234", "version": "v1", '),
    { file: "verdicts.jsonl", line: 1234, message: expect.stringContaining("This is not valid JSON") },
  ],
  [
    "a verdict nobody knows",
    largeWith(1234, JSON.stringify({ case: "c1234", version: "v1", judge: "judge-grounded", verdict: "maybe" })),
    { file: "verdicts.jsonl", line: 1234, field: "verdict", message: "verdict must be pass, fail or error." },
  ],
  [
    "a case that stands twice",
    filesOf({ "cases.jsonl": lines([...cases, { case: "c1", input: "again" }]) }),
    {
      file: "cases.jsonl",
      line: 4,
      field: "case",
      message: "The case “c1” stands twice: first in cases.jsonl line 1.",
    },
  ],
  [
    "a verdict that stands twice",
    inVerdicts(lines([...verdicts, verdicts[0]])),
    {
      file: "verdicts.jsonl",
      line: 7,
      field: "case",
      message: "The verdict of judge “judge-grounded” on case “c1” by version “v1” stands twice: lines 1 and 7.",
    },
  ],
  [
    "a key that stands twice in one object",
    inVerdicts('{"case":"c1","version":"v1","judge":"judge-grounded","verdict":"pass","verdict":"fail"}\n'),
    { file: "verdicts.jsonl", line: 1, field: "verdict", message: "The key “verdict” stands twice in one object." },
  ],
  [
    "an escaped NUL",
    inVerdicts(verdictLine({ rationale: "a\u0000b" })),
    { file: "verdicts.jsonl", line: 3, field: "rationale", message: expect.stringContaining("NUL") },
  ],
  [
    "a NUL in a field's name",
    inVerdicts(verdictLine({ "a\u0000b": 1 })),
    { file: "verdicts.jsonl", line: 3, field: "a\ufffdb", message: expect.stringContaining("NUL") },
  ],
  [
    "half a surrogate pair in a field's name",
    inVerdicts(`${lines(verdicts.slice(0, 2))}{"a\\ud800b":1}\n`),
    { file: "verdicts.jsonl", line: 3, field: "a\ufffdb", message: expect.stringContaining("surrogate") },
  ],
  [
    "a message that would end within a character",
    inVerdicts(lines([{ ...verdicts[0], judge: `x${"😀".repeat(80)}` }])),
    { file: "verdicts.jsonl", line: 1, field: "judge", message: expect.stringContaining("is not in this source") },
  ],
  [
    "a NUL as it is",
    inVerdicts(Buffer.concat([Buffer.from(lines(verdicts)), Buffer.from('{"case":"c\0"}')])),
    { file: "verdicts.jsonl", line: 7, message: expect.stringContaining("NUL") },
  ],
  [
    "invalid UTF-8",
    inVerdicts(Buffer.concat([Buffer.from(lines(verdicts)), Buffer.from([0x22, 0xff, 0x22])])),
    { file: "verdicts.jsonl", line: 7, message: "The text is not valid UTF-8." },
  ],
  [
    "more tokens than can be stored",
    filesOf({ "outputs.jsonl": lines([...outputs.slice(0, 5), { ...outputs[5], inputTokens: 3_000_000_000 }]) }),
    { file: "outputs.jsonl", line: 6, field: "inputTokens", message: expect.stringContaining("3000000000") },
  ],
  [
    "a time before all times",
    filesOf({
      "outputs.jsonl": lines([{ ...outputs[0], at: "0000-01-01T00:00:00Z" }]),
      "verdicts.jsonl": "",
      "reviews.jsonl": "",
    }),
    { file: "outputs.jsonl", line: 1, field: "at", message: expect.stringContaining("0000-01-01") },
  ],
  [
    "a parent that is its own grandchild",
    withHead({ versions: [{ ...head.versions[0], parent: "v2" }, head.versions[1]] }),
    { file: "bundle.json", line: 1, field: "parent", message: "The version “v2” can't be its own parent or ancestor." },
  ],
  [
    "no output at all",
    filesOf({ "outputs.jsonl": "", "verdicts.jsonl": "", "reviews.jsonl": "" }),
    { file: "bundle.tar.gz", message: expect.stringContaining("There is no output") },
  ],
];

describe("a source with a mistake leaves no row, and says where it is", () => {
  const refused = async (bytes: Buffer | string, expected: ImportFailure, options: Partial<ImportOptions> = {}) => {
    const manager = await managerOf();
    const before = await domainRows();
    const id = await upload(manager, bytes, options);
    await runAll();
    const view = await getImport(manager, id);
    expect(view).toMatchObject({ state: "failed", phase: "failed", counts: null, runs: [] });
    expect(view.error).toEqual(expected);
    expect(view.finishedAt).not.toBeNull();
    expect(await domainRows()).toEqual(before);
    expect(await db.importChunk.count()).toBe(0);
    expect((await eventsOf(id)).slice(1)).toMatchObject([
      { action: "import.failed", details: { ...expected, for: manager.email } },
    ]);
  };

  it.each(broken)("%s", async (_name, files, expected) => refused(await tarGz(files), expected));

  it("a zip that was cut, at its end and in its middle", async () => {
    const whole = zip(filesOf());
    const expected = { file: "bundle.zip", message: expect.stringContaining("broken or cut short") };
    for (const length of [whole.length - 30, whole.length / 2]) {
      await refused(whole.subarray(0, length), expected, { fileName: "bundle.zip" });
    }
  });

  it("promptfoo results that were cut, or that say nothing of success", async () => {
    const options = { fileName: "results.json" };
    const text = JSON.stringify(promptfoo, null, 1);
    const cut = text.slice(0, text.length - 40);
    await refused(
      cut,
      { file: "results.json", line: cut.split("\n").length, message: expect.stringContaining("ends in the middle") },
      options,
    );
    const { success: _, ...silent } = result(0, 1);
    await refused(
      lines([result(0, 0), silent]),
      { file: "results.json", line: 2, field: "success", message: expect.stringContaining("success") },
      options,
    );
  });

  it("can be mended and imported then", async () => {
    const manager = await managerOf();
    expect((await importFiles(manager, inVerdicts(verdictLine({ verdict: "maybe" })))).state).toBe("failed");
    expect(await importFiles(manager)).toMatchObject({ state: "done", unchanged: false });
  });

  it("leaves nothing of what was on its way when its fault came to light", async () => {
    const manager = await managerOf();
    const before = await domainRows();
    const many = Array.from({ length: 3000 }, (_, i) => ({ case: `m${i}`, input: `${i} ${"word ".repeat(1500)}` }));
    const files = filesOf({ "cases.jsonl": lines([...many, many[0]]), "outputs.jsonl": "", "verdicts.jsonl": "" });
    expect(await importFiles(manager, files)).toMatchObject({ state: "failed", error: { line: 3001 } });
    expect(await domainRows()).toEqual(before);
  });

  it("is told once, however many workers look", async () => {
    const manager = await managerOf();
    const bytes = await tarGz(inVerdicts(verdictLine({ verdict: "maybe" })));
    const ids: number[] = [];
    for (let i = 0; i < 8; i++) ids.push(await upload(manager, bytes));
    await Promise.all([1, 2, 3, 4].map(runAll));
    for (const id of ids) {
      expect((await eventsOf(id)).map(({ action }) => action)).toEqual(["import.started", "import.failed"]);
    }
  });
});

describe("what is there already", () => {
  it("is reused: the same content under the same key is the same version", async () => {
    const manager = await managerOf();
    const first = await importFiles(manager);
    const before = await domainRows();
    const second = await importFiles(manager, filesOf({ "verdicts.jsonl": lines(verdicts.slice(0, 1)) }));
    expect(second).toMatchObject({ state: "done", unchanged: false });
    const after = await domainRows();
    for (const table of ["prompt", "prompt_version", "dataset", "test_case", "criterion", "judge", "judge_version"]) {
      expect([table, after[table]]).toEqual([table, before[table]]);
    }
    expect(after.run).toBe(before.run! + 2);
    const [old, young] = await Promise.all(
      [first, second].map(({ runs }) => db.run.findUnique({ where: { id: runs[0]!.id } })),
    );
    expect(young!.versionId).toBe(old!.versionId);
    expect(young!.digest).not.toBe(old!.digest);
    expect((await eventsOf(second.id))[1]!.details.newVersions).toEqual([]);
  });

  it("is reused: the same content under another key, and a version of which only the key is given", async () => {
    const manager = await managerOf();
    await importFiles(manager);
    const before = await db.promptVersion.count();
    const renamed = await importFiles(manager, {
      ...withHead({ versions: [{ key: "other", content: contentOf("one") }] }),
      ...onlyVersion("other"),
    });
    expect(renamed.runs.map(({ version }) => version)).toEqual(["v1"]);
    const bare = await importFiles(manager, { ...withHead({ versions: [{ key: "v2" }] }), ...onlyVersion("v2") });
    expect(bare.runs.map(({ version }) => version)).toEqual(["v2"]);
    expect(await db.promptVersion.count()).toBe(before);
  });

  it("keeps further judgings of an answer as repeats, outside the tally, and in the run's digest", async () => {
    const again = { case: "c1", version: "v1", judge: "judge-grounded", repeat: 1, verdict: "fail" };
    const digests: string[] = [];
    for (const more of [[], [again], [{ ...again, verdict: "pass" }]]) {
      const manager = await managerOf();
      const { runs } = await importFiles(manager, inVerdicts(lines([...verdicts, ...more])));
      const run = await db.run.findFirstOrThrow({
        where: { id: { in: runs.map(({ id }) => id) }, version: { key: "v1" } },
        include: { judges: { where: { judgeVersion: { judge: { key: "judge-grounded" } } } } },
      });
      digests.push(run.digest);
      const [tally] = run.judges;
      expect(tally!.pass + tally!.fail + tally!.error).toBe(
        verdicts.filter(({ judge, version }) => judge === "judge-grounded" && version === "v1").length,
      );
      expect(await db.verdict.count({ where: { runId: run.id, repeat: 1 } })).toBe(more.length);
    }
    expect(new Set(digests).size).toBe(3);
  });

  it("makes another version of a judge when its model, prompt or threshold changed", async () => {
    const manager = await managerOf();
    await importFiles(manager);
    const [grounded, kind] = head.judges;
    const view = await importFiles(manager, withHead({ judges: [{ ...grounded, model: "m2" }, kind] }));
    expect((await getRun(manager, view.runs[0]!.id)).judges.map(({ key, number }) => [key, number])).toEqual([
      ["judge-grounded", 2],
      ["judge-kind", 1],
    ]);
  });

  const digest = (text: string) => sha256Hex(text).slice(0, 12);
  const contradictions: [string, Files, { file: string; line: number; field: string; both: string[] }][] = [
    [
      "a version's key with other content",
      { ...withHead({ versions: [{ key: "v1", content: contentOf("changed") }] }), ...onlyVersion("v1") },
      {
        file: "bundle.json",
        line: 1,
        field: "content",
        both: ["“v1”", digest(canonicalJson(contentOf("one"))), digest(canonicalJson(contentOf("changed")))],
      },
    ],
    [
      "a case's key with another input",
      filesOf({ "cases.jsonl": lines([cases[0], cases[1], { case: "c3", input: "changed" }]) }),
      { file: "cases.jsonl", line: 3, field: "input", both: ["“c3”", digest("text\n\\N"), digest("text\nchanged")] },
    ],
    [
      "a case's key with the same text as an object",
      filesOf({ "cases.jsonl": lines([cases[0], { case: "c2", input: '{"asked":2,"question":"b"}' }, cases[2]]) }),
      { file: "cases.jsonl", line: 2, field: "input", both: ["“c2”"] },
    ],
    [
      "a criterion's key with another rubric",
      withHead({ criteria: [head.criteria[0], { key: "kind", rubric: "Pass when warm." }] }),
      { file: "bundle.json", line: 1, field: "rubric", both: ["“kind”", "Pass when polite.", "Pass when warm."] },
    ],
  ];
  it.each(contradictions)("is not contradicted: %s is refused, and both are named", async (_name, files, expected) => {
    const manager = await managerOf();
    await importFiles(manager);
    const before = await domainRows();
    const { state, error } = await importFiles(manager, files);
    const { both, ...place } = expected;
    expect([state, error]).toMatchObject(["failed", place]);
    for (const word of both) expect(error!.message).toContain(word);
    expect(await domainRows()).toEqual(before);
  });

  it("may come from a push at the same moment: the import takes the next number", async () => {
    const manager = await managerOf();
    const prompt = await db.prompt.create({ data: { projectId: manager.projectId, name: head.prompt } });
    const id = await upload(manager, await tarGz(filesOf()));
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    try {
      await owner.query("BEGIN");
      await owner.query("INSERT INTO prompt_version (prompt_id, number, key, digest) VALUES ($1, 1, 'pushed', $2)", [
        prompt.id,
        sha256Hex("pushed"),
      ]);
      const running = runNextImport();
      for (let waits = false; !waits; ) {
        await wait(20);
        const { rows } = await owner.query<{ n: number }>(
          "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'",
        );
        waits = rows[0]!.n > 0;
      }
      await owner.query("COMMIT");
      await running;
    } finally {
      await owner.end();
    }
    await runAll();
    expect(await getImport(manager, id)).toMatchObject({ state: "done", error: null });
    const versions = await db.promptVersion.findMany({ where: { promptId: prompt.id }, orderBy: { number: "asc" } });
    expect(versions.map(({ key }) => key)).toEqual(["pushed", "v1", "v2"]);
  });
});

describe("a worker that ends in the middle", () => {
  const cameOnce = (
    view: Awaited<ReturnType<typeof getImport>>,
    before: Record<string, number>,
    rows: Record<string, number>,
  ) => {
    expect(view).toMatchObject({ state: "done", unchanged: false, counts: { cases: 3, outputs: 6, verdicts: 6 } });
    expect(rows.output! - before.output!).toBe(6);
    expect(rows.verdict! - before.verdict!).toBe(6);
    expect(rows.run! - before.run!).toBe(2);
    expect(rows.test_case! - before.test_case!).toBe(3);
  };

  it("killed while it stores: nothing of it is left, and the next worker brings one set of rows", async () => {
    const manager = await managerOf();
    const id = await upload(manager, await tarGz(filesOf()));
    const before = await domainRows();
    let child: ChildProcess | undefined;
    await whileHeld(
      "verdict",
      () => {
        child = spawn(process.execPath, ["--import", "tsx", "lib/jobs/import-process.ts"], {
          cwd: root,
          env: { ...process.env, DATABASE_URL: url },
          stdio: ["ignore", "ignore", "inherit", "ipc"],
        });
      },
      async () => {
        // Rows are stored while the source is read.
        expect(await getImport(manager, id)).toMatchObject({ state: "running", phase: "reading" });
        // Whoever looks meanwhile finds nothing to take.
        expect(await runNextImport()).toBe(false);
        const gone = once(child!, "exit");
        child!.kill("SIGKILL");
        await gone;
      },
    );
    expect(await domainRows()).toEqual(before);
    expect((await getImport(manager, id)).state).toBe("running");
    await runUntilEnded(manager, id);
    cameOnce(await getImport(manager, id), before, await domainRows());
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual(["import.started", "import.completed"]);
  });

  it("that ended its process time and again is given up, so that the next one gets its turn", async () => {
    const manager = await managerOf();
    const id = await upload(manager, await tarGz(filesOf()));
    const before = await domainRows();
    await db.import.update({ where: { id }, data: { state: "running", attempts: 5 } });
    await runUntilEnded(manager, id);
    expect(await getImport(manager, id)).toMatchObject({
      state: "failed",
      error: { message: expect.stringContaining("begun 5 times") },
    });
    expect(await domainRows()).toEqual(before);
  });

  it("cut off from the database: the job is not at fault and is done by the next", async () => {
    const manager = await managerOf();
    const id = await upload(manager, await tarGz(filesOf()));
    const before = await domainRows();
    let running: Promise<unknown> = Promise.resolve();
    await whileHeld(
      "verdict",
      () => {
        running = runNextImport().catch((error: unknown) => error);
      },
      async (pid) => {
        await asOwner("SELECT pg_terminate_backend($1)", [pid]);
        expect(await running).toBeInstanceOf(Error);
      },
    );
    expect(await domainRows()).toEqual(before);
    await runUntilEnded(manager, id);
    cameOnce(await getImport(manager, id), before, await domainRows());
  });

  it("stopped with the server: the job stays, and begins again", async () => {
    const manager = await managerOf();
    const id = await upload(manager, await tarGz(filesOf()));
    const before = await domainRows();
    for (const stopAt of [1, 3, 6]) {
      let asked = 0;
      expect(await runNextImport(() => ++asked >= stopAt)).toBe(false);
      expect(await domainRows()).toEqual(before);
      expect((await getImport(manager, id)).state).toBe("running");
    }
    await runAll();
    cameOnce(await getImport(manager, id), before, await domainRows());
  });
});

describe("the cases of a dataset", () => {
  it("hold it where it is: it is neither removed nor given another id", async () => {
    const manager = await managerOf();
    await importFiles(manager, filesOf());
    const before = await domainRows();
    const { id } = await db.dataset.findFirstOrThrow({ where: { projectId: manager.projectId } });
    await expect(asOwner("DELETE FROM dataset WHERE id = $1", [id])).rejects.toThrow(/has cases: DELETE is refused/);
    await expect(asOwner("UPDATE dataset SET id = 999999 WHERE id = $1", [id])).rejects.toThrow(/UPDATE is refused/);
    expect(await domainRows()).toEqual(before);
  });
});

describe("the rows of a run", () => {
  it("hold it where it is: it is neither removed nor given another id", async () => {
    const manager = await managerOf();
    await importFiles(manager, filesOf());
    const before = await domainRows();
    const [run] = await asOwner<{ id: number }>("SELECT id FROM run WHERE project_id = $1 ORDER BY id LIMIT 1", [
      manager.projectId,
    ]);
    await expect(asOwner("DELETE FROM run WHERE id = $1", [run!.id])).rejects.toThrow(/has rows: DELETE is refused/);
    await expect(asOwner("UPDATE run SET id = 999999 WHERE id = $1", [run!.id])).rejects.toThrow(/UPDATE is refused/);
    expect(await domainRows()).toEqual(before);
  });

  it("come in pieces of a megabyte, and one larger than that as well", async () => {
    const manager = await managerOf();
    const long = "a long answer\t\\ with ä\n".repeat(100_000);
    const many = Array.from({ length: 300 }, (_, i) => ({ case: `m${i}`, input: `${i} ${"word ".repeat(1500)}` }));
    const answers = many.map(({ case: key }, i) => ({
      case: key,
      version: "v1",
      output: i === 7 ? long : `${i}${"x".repeat(9000)}`,
    }));
    await importFiles(
      manager,
      filesOf({
        "cases.jsonl": lines(many),
        "outputs.jsonl": lines(answers),
        "verdicts.jsonl": "",
        "reviews.jsonl": "",
      }),
    );
    const stored = await asOwner<{ key: string; input: string; output: string }>(
      `SELECT c.key, c.input, o.output FROM output o JOIN test_case c ON c.id = o.case_id JOIN run r ON r.id = o.run_id
        WHERE r.project_id = $1 ORDER BY c.id`,
      [manager.projectId],
    );
    expect(stored.map(({ key, input }) => ({ case: key, input }))).toEqual(many);
    expect(stored.map(({ output }) => sha256Hex(output))).toEqual(answers.map(({ output }) => sha256Hex(output)));
  });
});

// Published answers with judges' and people's labels; the folder's README has the numbers.
const xstest = path.join(process.env.COUNTERSIGN_SHARED ?? path.resolve("../shared"), "data/xstest-mistral");

describe("xstest-mistral", () => {
  it.skipIf(!existsSync(xstest))("comes in whole", async () => {
    const manager = await managerOf();
    const files = Object.fromEntries(
      readdirSync(xstest).map((name) => [name, readFileSync(path.join(xstest, name))] as const),
    );
    const before = await domainRows();
    const view = await importFiles(manager, files);
    expect(view).toMatchObject({
      state: "done",
      counts: { versions: 2, cases: 450, outputs: 900, verdicts: 1800, reviews: 2700 },
    });
    const rows = await domainRows();
    const added = (table: string) => rows[table]! - before[table]!;
    expect(["prompt_version", "test_case", "output", "verdict", "imported_review"].map(added)).toEqual([
      2, 450, 900, 1800, 2700,
    ]);
  });
});
