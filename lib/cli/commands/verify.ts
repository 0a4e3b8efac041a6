import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import pg from "pg";
import type { TrustedKey } from "../../audit/checkpoint";
import { type DecisionVerification, verifyDecision } from "../../audit/decision-verifier.mjs";
import { keyFingerprint, parseKeys, publicPem } from "../../audit/key";
import { trustOf, verifyDatabase } from "../../audit/live";
import { outsideFile, readOutside } from "../../audit/outside";
import type { LogProblem, LogVerification } from "../../audit/verify";
import { Prisma } from "../../db/generated/client";
import type { Sql } from "../../db/transaction";
import { type ContentVerification, verifyContents } from "../../privacy/verify";
import { type Recomputation, type Recomputed, recompute } from "../../releases/recompute";
import { type SampleVerification, verifySamples } from "../../releases/verify-samples";
import { CliError } from "../connection";
import { plain, show } from "../output";
import { dataFolder } from "../paths";

type Options = { key?: string; checkpoints?: string; databaseUrl?: string };

export function register(program: Command): void {
  program
    .command("verify")
    .argument("[file]", "an exported decision; without it, the whole audit log of the running server")
    .description("recompute and check: exit code 0 when it verifies, 1 when it does not")
    .option("--key <file>", "the log's public key as you got it from elsewhere (log-key.pub)")
    .option("--checkpoints <file>", "the checkpoints held outside; default: checkpoints.txt in the data folder")
    .option("--database-url <url>", "the database of the log; default: DATABASE_URL, else the embedded one's")
    .action(async (file: string | undefined, options: Options, command: Command) => {
      if (file === undefined) return live(options, command);
      exported(file, options, command);
    });
}

function exported(file: string, { key }: Options, command: Command): void {
  const { evidence, ...verified } = verifyDecision(read(file), key === undefined ? null : publicPem(readKey(key)));
  const numbers = evidence === null ? null : recompute(evidence);
  const checks = [...verified.checks, ...(numbers ? [numbersCheck(numbers)] : [])];
  const result = { ...verified, ok: checks.every(({ ok }) => ok), checks };
  const different = numbers?.state === "compared" ? numbers.rows.filter(({ outcome }) => outcome === "different") : [];
  show(command, { file, ...result, different }, exportWords(file, result, different));
  process.exitCode = result.ok ? 0 : 1;
}

function numbersCheck(numbers: Recomputation): DecisionVerification["checks"][number] {
  const name = "numbers";
  // Evidence from before it kept what numbers rest on is still what was signed.
  if (numbers.state === "impossible") return { name, ok: numbers.older, detail: `Not computed again. ${numbers.why}` };
  const { different, close } = numbers;
  if (different > 0) return { name, ok: false, detail: `${different} values come out differently from the evidence.` };
  const rounded = close > 0 ? `; ${close} differ by less than 1e-9` : ", to the last digit";
  return { name, ok: true, detail: `All ${numbers.numbers} numbers come out again from the evidence${rounded}.` };
}

function exportWords(
  file: string,
  { ok, releaseId, outcome, checks, notes }: Omit<DecisionVerification, "evidence">,
  different: readonly Recomputed[],
): string {
  const what = releaseId === null ? "" : `: ${ok ? "" : "it claims that "}release ${releaseId} was ${outcome}`;
  return [
    `${ok ? "Verified" : "NOT verified"} ${plain(file)}${plain(what)}`,
    ...checks.map((check) => `  ${check.ok ? "✓" : "✗"} ${check.name}: ${plain(check.detail)}`),
    ...different
      .slice(0, 20)
      .map(({ path, frozen, again }) => plain(`    ${path.join(" › ")}: frozen ${frozen}, computed ${again}`)),
    ...notes.map((note) => `  note: ${plain(note)}`),
  ].join("\n");
}

async function live({ key, checkpoints, databaseUrl }: Options, command: Command): Promise<void> {
  const folder = dataFolder();
  const trust = await trustOf(folder);
  if (key !== undefined) trust.publicKeys = readKeys(key);
  if (checkpoints !== undefined) {
    read(checkpoints);
    trust.outside = readOutside(checkpoints);
  }
  const result = await verifyDatabase(databaseUrl ?? urlOf(folder), trust).catch((error: unknown) => {
    const reason = error instanceof Error && error.message ? error.message : String((error as { code?: unknown }).code);
    throw new CliError(3, `The audit log can't be read: ${reason}.`);
  });
  const [samples, contents] = await withReader(databaseUrl ?? urlOf(folder), async (reader) => [
    await verifySamples(reader),
    await verifyContents(reader),
  ]);
  const ok = result.ok && samples.ok && contents.ok;
  const words = logWords(result, trust.publicKeys[0]?.key ?? null, checkpoints ?? outsideFile(folder));
  show(
    command,
    { ...result, ok, samples, contents },
    [words, sampleWords(samples), ...contentWords(contents)].join("\n"),
  );
  process.exitCode = ok ? 0 : 1;
}

async function withReader<T>(url: string, work: (reader: Sql) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const $queryRaw = async (strings: TemplateStringsArray, ...values: unknown[]) => {
      const { text, values: given } = Prisma.sql(strings, ...values);
      return (await client.query(text, given)).rows;
    };
    return await work({ $queryRaw } as unknown as Sql);
  } finally {
    await client.end();
  }
}

function sampleWords({ ok, batches, problems }: SampleVerification): string {
  return [
    `${ok ? "Drawn again" : "NOT as drawn"}: ${batches} ${batches === 1 ? "sample" : "samples"} from their seeds`,
    ...problems.map(({ release, batch, what }) => `  ✗ release ${release}, batch ${batch}: ${plain(what)}`),
  ].join("\n");
}

function contentWords({ ok, runs, evidence, redactions, problems }: ContentVerification): string[] {
  return [
    `${ok ? "As recorded" : "NOT as recorded"}: ${runs} ${runs === 1 ? "run" : "runs"} and ${evidence} frozen evidence, against their digests`,
    ...redactions.map(
      ({ texts, at, reason }) =>
        `  removed by two people at ${at}: ${texts} ${texts === 1 ? "text" : "texts"}: ${plain(reason)}`,
    ),
    ...problems.map((problem) => `  ✗ ${plain(problem)}`),
  ];
}

function logWords(result: LogVerification, key: KeyObject | null, outside: string): string {
  const { ok, size, root, checkpoints, problems, problemCount, notes } = result;
  const more = problemCount - problems.length;
  return [
    `${ok ? "Verified" : "NOT verified"}: ${size} entries, root ${root}`,
    ...(key ? [`  key ${keyFingerprint(key)}`] : []),
    `  ${checkpoints.stored} checkpoints in the database (up to ${checkpoints.storedSize} entries), ${checkpoints.outside} outside in ${plain(outside)} (up to ${checkpoints.outsideSize})`,
    ...problems.map((problem) => `  ✗ ${place(problem)}${plain(problem.what)}`),
    ...(more > 0 ? [`  ✗ and ${more} more`] : []),
    ...notes.map((note) => `  note: ${plain(note)}`),
  ].join("\n");
}

function place({ index, from, to }: LogProblem): string {
  if (index !== undefined) return `entry ${index}: `;
  return from === undefined ? "" : `entries ${from} to ${to}: `;
}

function urlOf(folder: string): string {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL;
  const file = path.join(folder, "database-url");
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    throw new CliError(
      3,
      `No database is known: start the server with \`npm start\`, or set DATABASE_URL. (There is no ${file}.)`,
    );
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CliError(2, `${file} can't be read: ${(error as NodeJS.ErrnoException).code}.`, { file });
  }
}

/** As `log-key.pub` has them: today's key, and retired ones with how far each was good. */
function readKeys(file: string): TrustedKey[] {
  const keys = parseKeys(read(file).toString("utf8"));
  return keys.length > 0 ? keys : [{ key: readKey(file), until: null }];
}

function readKey(file: string): KeyObject {
  const pem = read(file);
  try {
    return createPublicKey(pem);
  } catch {
    throw new CliError(2, `${file} holds no public key in PEM.`, { file });
  }
}
