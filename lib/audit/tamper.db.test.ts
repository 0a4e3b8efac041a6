import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Actor } from "../auth/actor";
import { transaction } from "../db/transaction";
import { testDatabase } from "../testing/database";
import { appendAudit } from "./append";
import { leafBytes, leafColumns, parseLeaf } from "./leaf";
import { trustOf } from "./live";
import { checkpointNow } from "./publish";
import {
  checkpointsSql,
  databaseName,
  entryColumns,
  type Head,
  headSql,
  type StoredCheckpoint,
  type StoredEntry,
} from "./store";
import { frontierAppend, type Hash, leafHash } from "./tree";
import { type LogTrust, type LogVerification, verifyLog } from "./verify";

/**
 * Somebody who is superuser of the database changes the log 10 000 times, each time at random, and makes everything that
 * the database holds fit again; the checkpoints held outside tell every time.
 */
const mutations = Number(process.env.COUNTERSIGN_TAMPERINGS ?? 10_000);
const size = 16;
/** Each is held outside; the last covers the whole log. */
const signedAt = [6, 16];

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-tamper-"));
const client = new pg.Client({ connectionString: database.ownerUrl });
const random = xoroshiro128plus(20261126);
const below = (n: number) => (random.next() >>> 0) % n;

const actor: Actor = {
  kind: "person",
  userId: 3,
  name: "Ada",
  email: "ada@example.test",
  projectId: 1,
  roles: ["release_manager"],
  requestId: "request-1",
};

let entries: StoredEntry[] = [];
let frontier: Buffer[] = [];
let trust: LogTrust;
let name: string;

beforeAll(async () => {
  process.env.COUNTERSIGN_DATA = folder;
  for (let i = 0; i < size; i++) {
    await transaction((tx) =>
      appendAudit(
        tx,
        { ...actor, projectId: i % 5 === 0 ? 0 : 1, requestId: `request-${i}` },
        { action: i % 3 === 0 ? "sign_off.given" : "review.given", subject: { kind: "release", id: String(i) } },
      ),
    );
    if (signedAt.includes(i + 1)) await checkpointNow("sign_off");
  }
  await client.connect();
  name = await databaseName(client);
  trust = await trustOf(folder);
  entries = (await client.query<StoredEntry>(`SELECT ${entryColumns} FROM audit_entry ORDER BY "index"`)).rows;
  frontier = (await client.query<Head>(headSql)).rows[0]!.frontier;
  for (const table of ["audit_entry", "audit_head", "audit_checkpoint"])
    await client.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
});

afterAll(async () => {
  await client.end();
  rmSync(folder, { recursive: true });
});

/** SQL that writes rows over the whole log as an intruder would: numbered, hashed and summed up anew. */
function rewritten(rows: readonly Pick<StoredEntry, "leaf">[]): string {
  let frontier: Hash[] = [];
  const values = rows.map(({ leaf }, i) => {
    const hash = leafHash(leaf);
    frontier = frontierAppend(frontier, i, hash);
    const { projectId, at, action, actor, subject, requestId } = leafColumns(parseLeaf(leaf));
    const texts = [at, action, actor, subject, requestId].map(pg.escapeLiteral);
    return `(${i}, ${bytea(leaf)}, ${bytea(hash)}, ${projectId}::int, ${texts.join(", ")})`;
  });
  return `DELETE FROM audit_entry;
    ${values.length === 0 ? "" : `INSERT INTO audit_entry ("index", leaf, leaf_hash, project_id, at, action, actor, subject, request_id) VALUES ${values.join(", ")};`}
    UPDATE audit_head SET size = ${rows.length}, frontier = ARRAY[${frontier.map(bytea).join(", ")}]::bytea[];
    ${/* Checkpoints that would tell are taken away as well, half of the time. */ below(2) === 0 ? "DELETE FROM audit_checkpoint" : ""}`;
}

const bytea = (bytes: Uint8Array) => `'\\x${Buffer.from(bytes).toString("hex")}'`;

const forged = (row: StoredEntry) => ({
  leaf: leafBytes({ ...parseLeaf(row.leaf), requestId: `forged-${below(2 ** 31)}` }),
});

const flip = (column: string, length: number) => {
  const bit = below(length * 8);
  return `${column} = set_bit(${column}, ${bit}, 1 - get_bit(${column}, ${bit}))`;
};
const retype = (column: string) =>
  `${column} = overlay(${column} placing chr(ascii(substr(${column}, ${2 + below(5)}, 1)) % 122 + 1) from 2 for 1) || 'x'`;

type Mutation = { sql: string; first: number | null };

/** What each does, and the first entry that is no longer what it was; null: an entry is not what changed. */
const kinds: Record<string, () => Mutation> = {
  "one bit or letter of an entry": () => {
    const i = below(size);
    const { leaf } = entries[i]!;
    const change = [
      flip("leaf", leaf.length),
      flip("leaf_hash", 32),
      "project_id = coalesce(project_id, 0) + 1",
      `at = at + interval '${1 + below(1000)} milliseconds'`,
      ...["action", "actor", "subject", "request_id"].map(retype),
    ][below(8)];
    return { sql: `UPDATE audit_entry SET ${change} WHERE "index" = ${i}`, first: i };
  },
  "one bit of the head": () => {
    const node = 1 + below(frontier.length);
    const change = [
      `frontier[${node}] = ${flip(`frontier[${node}]`, 32).split(" = ")[1]}`,
      `size = ${size + 1 + below(9)}`,
      `size = ${below(size)}`,
    ][below(3)];
    return { sql: `UPDATE audit_head SET ${change}`, first: null };
  },
  "one bit or letter of a stored checkpoint": () => {
    const place = 20 + below(100);
    const change = [
      flip("root_hash", 32),
      `note = overlay(note placing chr(ascii(substr(note, ${place}, 1)) % 100 + 33) from ${place} for 1)`,
      retype("cause"),
      "created_at = created_at + interval '1 second'",
      `size = size + ${50 + below(50)}`,
    ][below(5)];
    return {
      sql: `UPDATE audit_checkpoint SET ${change} WHERE size = ${signedAt[below(signedAt.length)]}`,
      first: null,
    };
  },
  "entries deleted, a gap left": () => {
    const i = below(size);
    return { sql: `DELETE FROM audit_entry WHERE "index" BETWEEN ${i} AND ${i + below(3)}`, first: i };
  },
  "entries deleted, the rest made to fit": () => {
    const i = below(size);
    return { sql: rewritten(entries.toSpliced(i, 1 + below(3))), first: i };
  },
  "two entries swapped": () => {
    const i = below(size - 1);
    const j = i + 1 + below(size - 1 - i);
    return { sql: rewritten(entries.with(i, entries[j]!).with(j, entries[i]!)), first: i };
  },
  "the tail cut off": () => {
    const i = below(size);
    const sql = below(4) === 0 ? `DELETE FROM audit_entry WHERE "index" >= ${i}` : rewritten(entries.slice(0, i));
    return { sql, first: i };
  },
  "an entry inserted": () => {
    const i = below(size);
    return { sql: rewritten([...entries.slice(0, i), forged(entries[i]!), ...entries.slice(i)]), first: i };
  },
  "an entry written anew": () => {
    const i = below(size);
    return { sql: rewritten([...entries.slice(0, i), forged(entries[i]!), ...entries.slice(i + 1)]), first: i };
  },
  "the log rebuilt whole from some entry on": () => {
    const i = below(size);
    return { sql: rewritten([...entries.slice(0, i), ...entries.slice(i).map(forged)]), first: i };
  },
};

/** One round trip: change, read, undo. */
async function verified(sql = ""): Promise<LogVerification> {
  const statements = [sql, headSql, checkpointsSql, `SELECT ${entryColumns} FROM audit_entry ORDER BY "index"`];
  const text = `BEGIN; ${statements.filter(Boolean).join("; ")}; ROLLBACK`;
  const answers = (await client.query(text)) as unknown as pg.QueryResult[];
  const [head, checkpoints, rows] = answers.filter(({ command }) => command === "SELECT").map(({ rows }) => rows);
  const source = { head: (head![0] as Head | undefined) ?? null, checkpoints: checkpoints as StoredCheckpoint[] };
  return verifyLog({ ...source, entries: [rows as StoredEntry[]], database: name }, trust);
}

it(`detects ${mutations} random changes by a superuser, all of them, and names the first changed entry`, async () => {
  expect(await verified()).toMatchObject({ ok: true, checkpoints: { outside: 2, outsideSize: size } });
  const missed: string[] = [];
  const astray: string[] = [];
  const told = { exactly: 0, between: 0, notAnEntry: 0 };
  const all = Object.entries(kinds);
  for (let n = 0; n < mutations; n++) {
    const [kind, mutate] = all[below(all.length)]!;
    const { sql, first } = mutate();
    const result = await verified(sql);
    if (result.ok) missed.push(`${n}: ${kind} at ${first}: ${sql.slice(0, 200)}`);
    else if (first === null) told.notAnEntry++;
    else {
      const named = names(result, first);
      if (named === null) astray.push(`${n}: ${kind} at ${first}: ${JSON.stringify(result.problems)}`);
      else told[named]++;
    }
    // Dead rows of what was rolled back would slow down what follows.
    if (n % 500 === 499) await client.query("VACUUM audit_entry, audit_head, audit_checkpoint");
  }
  console.log(
    `Tampering: ${mutations - missed.length} of ${mutations} changes detected; the first changed entry named exactly ` +
      `${told.exactly} times, as one of those between two checkpoints ${told.between} times; ${told.notAnEntry} changed no entry.`,
  );
  expect(missed).toEqual([]);
  expect(astray).toEqual([]);
  expect(await verified()).toMatchObject({ ok: true });
}, 600_000);

/** Whether the entry is named, or the range of entries between two checkpoints that holds it; null: something else is. */
function names({ problems }: LogVerification, first: number): "exactly" | "between" | null {
  if (problems.some(({ index }) => index === first)) return "exactly";
  return problems.some(({ from, to }) => from !== undefined && to !== undefined && from <= first && first <= to)
    ? "between"
    : null;
}
