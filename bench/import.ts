import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { writeBundle, writePromptfoo } from "./generate";
import { byBound, byRatio, type Row } from "./report";
import { importProcess, memoryOf, say, type World } from "./world";

export type Imported = {
  size: number;
  prompt: string;
  rows: number;
  seconds: number;
  peak: number | null;
  runs: number[];
};

const longestImportMs = 600_000;

/** Uploads a file and waits until it is in; the time runs from the end of the upload to the last commit. */
async function upload(world: World, file: string, prompt: string, size: number): Promise<Imported> {
  await world.owner.query("CHECKPOINT");
  const query = new URLSearchParams({ fileName: path.basename(file), prompt, dataset: prompt });
  const sent = await fetch(`${world.url}/api/v1/imports?${query}`, {
    method: "POST",
    body: Readable.toWeb(createReadStream(file)) as ReadableStream,
    duplex: "half",
    headers: { authorization: `Bearer ${world.token}`, "content-type": "application/octet-stream" },
    signal: AbortSignal.timeout(longestImportMs),
  } as RequestInit);
  if (!sent.ok) throw new Error(`The upload was refused: ${await sent.text()}`);
  const { id } = (await sent.json()) as { id: string };
  const from = performance.now();
  let [peak, child] = [0, null as number | null];
  type State = { state: string; error: unknown; counts: Record<string, number> };
  for (;;) {
    child ??= importProcess(world.pid);
    peak = Math.max(peak, (child && memoryOf(child)?.peak) || 0);
    const { rows } = await world.owner.query<State>("SELECT state, error, counts FROM import WHERE id = $1", [id]);
    const { state, error, counts } = rows[0]!;
    if (state === "done") {
      const seconds = (performance.now() - from) / 1000;
      const runs = await world.owner.query<{ id: number }>("SELECT id FROM run WHERE import_id = $1 ORDER BY id", [id]);
      const stored = counts.cases! + counts.outputs! + counts.verdicts! + counts.reviews!;
      return { size, prompt, rows: stored, seconds, peak: peak || null, runs: runs.rows.map((run) => run.id) };
    }
    if (state === "failed") throw new Error(`The import failed: ${JSON.stringify(error)}`);
    if (performance.now() - from > longestImportMs) throw new Error("The import took longer than ten minutes.");
    await wait(50);
  }
}

/** Waits for what the import does after its end, so that it does not stand in the way of the next figure. */
export async function searchable(world: World): Promise<void> {
  for (let waited = 0; waited < longestImportMs; waited += 100) {
    const { rows } = await world.owner.query("SELECT 1 FROM run WHERE NOT searchable AND digest <> '' LIMIT 1");
    if (rows.length === 0 && importProcess(world.pid) === null) return;
    await wait(100);
  }
  throw new Error("The texts were not searchable after ten minutes.");
}

const tables = {
  test_case:
    "id, dataset_id, key, input, input_is_json, input_digest, reference, slice, tags, must_pass, origin, generator, metadata",
  output:
    "run_id, case_id, repeat, output, output_is_json, error, latency_ms, input_tokens, output_tokens, cost_usd, model, at, metadata",
  verdict: "run_id, case_id, judge_version_id, repeat, verdict, score, rationale, at, metadata",
};

/** Seconds that bare COPY takes for the very rows of an import, into tables with the same indexes and checks, committed. */
async function copySeconds(world: World, { runs }: Imported): Promise<number> {
  const { owner, folder } = world;
  const where = {
    test_case: `id IN (SELECT case_id FROM output WHERE run_id = ${runs[0]})`,
    output: `run_id IN (${runs})`,
    verdict: `run_id IN (${runs})`,
  };
  const file = (table: string) => path.join(folder, `copy-${table}`);
  await owner.query("CREATE SCHEMA bench");
  try {
    for (const [table, columns] of Object.entries(tables)) {
      const from = `COPY (SELECT ${columns} FROM ${table} WHERE ${where[table as keyof typeof tables]} ORDER BY ctid) TO STDOUT`;
      await pipeline(owner.query(copyTo(from)), createWriteStream(file(table)));
      await owner.query(`CREATE TABLE bench.${table} (LIKE ${table} INCLUDING ALL)`);
    }
    await owner.query("CHECKPOINT");
    const start = performance.now();
    await owner.query("BEGIN");
    for (const [table, columns] of Object.entries(tables)) {
      const into = owner.query(copyFrom(`COPY bench.${table} (${columns}) FROM STDIN`));
      await pipeline(createReadStream(file(table), { highWaterMark: 1024 * 1024 }), into);
    }
    await owner.query("COMMIT");
    return (performance.now() - start) / 1000;
  } finally {
    await owner.query("DROP SCHEMA bench CASCADE");
    for (const table of Object.keys(tables)) await rm(file(table), { force: true });
  }
}

const thousands = (size: number) => `${size / 1000}k`;

/** Brings a bundle in, for the figures that need one. */
export async function importBundle(world: World, size: number): Promise<Imported> {
  const folder = path.join(world.folder, "files");
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `bundle-${size}.tar.gz`);
  say(`Generating ${thousands(size)} cases × 2 …`);
  await writeBundle(file, size);
  say(`Importing ${thousands(size)} cases × 2 …`);
  const imported = await upload(world, file, `bench ${size}`, size);
  await rm(file);
  await searchable(world);
  return imported;
}

export async function benchImport(
  world: World,
  imported: readonly Imported[],
  sizes: readonly number[],
): Promise<Row[]> {
  const rows: Row[] = [];
  const add = async (what: string, one: Imported) => {
    const copied = one.rows / (await copySeconds(world, one));
    rows.push(byRatio(`import of ${what}: rows/s, of bare COPY`, one.rows / one.seconds, copied, { atLeast: 0.5 }));
    if (one.peak !== null) rows.push(byBound(`import of ${what}: peak memory of its process, MB`, one.peak, 300));
  };
  for (const one of imported) await add(`a bundle, ${thousands(one.size)} × 2`, one);
  const [least, most] = [imported[0], imported.at(-1)];
  if (least?.peak && most?.peak && least !== most) {
    const name = `import: peak memory, ${thousands(most.size)} over ${thousands(least.size)}, MB`;
    rows.push(byRatio(name, most.peak, least.peak, { atMost: 1.5 }));
  }
  for (const size of sizes.filter((tests) => tests <= 50_000)) {
    const file = path.join(world.folder, `results-${size}.json`);
    say(`Generating promptfoo results of ${thousands(size)} tests × 2 …`);
    await writePromptfoo(file, size);
    say(`Importing promptfoo results of ${thousands(size)} tests × 2 …`);
    const one = await upload(world, file, `bench promptfoo ${size}`, size);
    await rm(file);
    await searchable(world);
    await add(`promptfoo results, ${thousands(size)} × 2`, one);
  }
  return rows;
}
