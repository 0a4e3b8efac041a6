import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { originOf, signCheckpoint } from "./checkpoint";
import { type AuditEvent, leafBytes, leafColumns } from "./leaf";
import type { StoredEntry } from "./store";
import { frontierAppend, frontierRoot, type Hash, leafHash } from "./tree";
import { type LogSource, type LogTrust, verifyLog } from "./verify";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
/** Random changes each of two tests makes; raise it to search longer. */
const runs = Number(process.env.COUNTERSIGN_TAMPER_RUNS ?? 400);
const size = 15;
const signedAt = [5, 14];

function event(i: number): AuditEvent {
  return {
    v: 1,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, i, 7)).toISOString(),
    action: i % 5 === 0 ? "sign_in.failed" : "review.given",
    actor:
      i % 3 === 0
        ? { kind: "system", id: null, name: "countersign", roles: [] }
        : { kind: "person", id: i, name: "Zoë", email: `zoe${i}@example.test`, roles: ["reviewer"] },
    projectId: i % 5 === 0 ? null : 1,
    subject: { kind: "release", id: String(i), name: "a \0 b\u202e" },
    requestId: `request-${i}`,
  };
}

function entry(i: number, said = event(i)): StoredEntry {
  const leaf = leafBytes(said);
  return { index: i, leaf, leafHash: leafHash(leaf), ...leafColumns(said) };
}

function frontierOf(entries: readonly StoredEntry[]): Buffer[] {
  let frontier: Hash[] = [];
  entries.forEach((row, i) => {
    frontier = frontierAppend(frontier, i, row.leafHash);
  });
  return frontier as Buffer[];
}

const entries = Array.from({ length: size }, (_, i) => entry(i));
const origin = originOf(entries[0]!.leafHash);
const checkpoints = signedAt.map((n) => {
  const root = frontierRoot(frontierOf(entries.slice(0, n)));
  return { size: n, root, note: signCheckpoint({ origin, size: n, root }, privateKey), cause: "timer", at: `at-${n}` };
});
const database = "7/test";
const publicKeys = [{ key: publicKey, until: null }];
const trust: LogTrust = {
  publicKeys,
  outside: { notes: checkpoints.map(({ note, at, cause }) => ({ note, at, cause, database })), unread: false },
};

function source(rows: StoredEntry[] = entries, more: Partial<LogSource> = {}): LogSource {
  return {
    head: { size, frontier: frontierOf(entries) },
    entries: [rows.slice(0, 6), rows.slice(6)],
    checkpoints,
    database,
    ...more,
  };
}

/** What somebody who rules the database can make fit again: hashes, head, and no checkpoint rows. */
function madeToFit(rows: StoredEntry[]): LogSource {
  const renumbered = rows.map((row, index) => ({ ...row, index, leafHash: leafHash(row.leaf) }));
  return source(renumbered, { head: { size: rows.length, frontier: frontierOf(renumbered) }, checkpoints: [] });
}

function changed(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = bit % (copy.length * 8);
  copy[at >> 3]! ^= 1 << (at & 7);
  return copy;
}

/** Another text of almost the same letters. */
function retyped(text: string, n: number): string {
  const at = n % text.length;
  return text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) % 122) + 1) + text.slice(at + 1);
}

const texts = ["at", "action", "actor", "subject", "requestId"] as const;

describe("verifying a log", () => {
  it("finds nothing in one that is intact, and says what the outside checkpoints leave uncovered", async () => {
    const result = await verifyLog(source(), trust);
    expect(result).toMatchObject({
      ok: true,
      size,
      problems: [],
      origin,
      checkpoints: { stored: 2, outside: 2, outsideSize: 14 },
    });
    expect(result.root).toBe(frontierRoot(frontierOf(entries)).toString("hex"));
    expect(result.notes).toEqual([
      "The outside checkpoints cover the first 14 entries; the 1 after them rest on the database alone.",
    ]);
  });

  it("finds nothing in an empty one", async () => {
    const empty = { head: { size: 0, frontier: [] }, entries: [], checkpoints: [], database };
    expect(await verifyLog(empty, { publicKeys: [], outside: null })).toMatchObject({ ok: true, size: 0 });
  });

  it("says so when there is no outside checkpoint", async () => {
    const result = await verifyLog(source(), { publicKeys, outside: null });
    expect(result.ok).toBe(true);
    expect(result.notes[0]).toMatch(/^No outside checkpoint/);
  });

  it("is not satisfied without a key", async () => {
    const result = await verifyLog(source(), { publicKeys: [], outside: trust.outside });
    expect(result.problems[0]?.what).toContain("no public key");
  });

  it("is spoken against by a checkpoint of a retired key, and not proved by it", async () => {
    const [until, signed] = [signedAt[0]!, signedAt.at(-1)!];
    const retired = [
      { key: generateKeyPairSync("ed25519").publicKey, until: null },
      { key: publicKey, until },
    ];
    const older = await verifyLog(madeToFit(entries.slice(0, until)), { ...trust, publicKeys: retired });
    expect(older.problems[0]?.what).toContain(`covers ${signed} entries, and there are ${until}`);
    const whole = await verifyLog(source(entries, { checkpoints: [] }), { ...trust, publicKeys: retired });
    expect(whole.checkpoints.outsideSize).toBe(until);
    expect(whole.notes).toContainEqual(expect.stringContaining("signed by a key that was retired before"));
  });

  it("names the entry for any one changed bit of any column (random changes)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.nat(7), fc.nat(), async (i, column, n) => {
        const row = { ...entries[i]! };
        if (column === 0) row.leaf = changed(row.leaf, n);
        else if (column === 1) row.leafHash = changed(row.leafHash, n);
        else if (column === 2) row.projectId = row.projectId === null ? n % 9 : row.projectId ^ (1 << (n % 30));
        else row[texts[column - 3]!] = retyped(row[texts[column - 3]!]!, n);
        fc.pre(JSON.stringify(row) !== JSON.stringify(entries[i]));
        const result = await verifyLog(source(entries.with(i, row)), trust);
        expect(result.ok).toBe(false);
        expect(result.problems.map((problem) => problem.index)).toContain(i);
      }),
      { numRuns: runs },
    );
  }, 60_000);

  it("detects entries rewritten, removed, inserted or swapped with everything made to fit again (random changes)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(13), fc.nat(13), fc.nat(3), fc.nat(), async (i, j, kind, n) => {
        const rows = [...entries];
        if (kind === 0) rows[i] = entry(i, { ...event(i), requestId: `forged-${n}` });
        if (kind === 1) rows.splice(i, 1);
        if (kind === 2) rows.splice(i, 0, entry(i, { ...event(i), requestId: `forged-${n}` }));
        if (kind === 3) {
          fc.pre(i !== j);
          rows[i] = entries[j]!;
          rows[j] = entries[i]!;
        }
        const result = await verifyLog(madeToFit(rows), trust);
        expect(result.ok).toBe(false);
        const first = kind === 3 ? Math.min(i, j) : i;
        expect(result.problems.some(({ index, from, to }) => index === first || (from! <= first && first <= to!))).toBe(
          true,
        );
      }),
      { numRuns: runs },
    );
  }, 60_000);

  it("names the range between two checkpoints when leaf and hash were both rewritten", async () => {
    const result = await verifyLog(
      madeToFit(entries.with(7, entry(7, { ...event(7), action: "review.superseded" }))),
      trust,
    );
    expect(result.problems.find(({ from }) => from !== undefined)).toMatchObject({ from: 5, to: 13 });
  });

  it("detects a tail that was cut off, and a gap", async () => {
    const cut = await verifyLog(madeToFit(entries.slice(0, 10)), trust);
    expect(cut.problems).toContainEqual(expect.objectContaining({ from: 5, to: 13 }));
    const cutAtCheckpoint = await verifyLog(madeToFit(entries.slice(0, 5)), trust);
    expect(cutAtCheckpoint.problems).toContainEqual(expect.objectContaining({ index: 5, from: 5, to: 13 }));
    const gap = await verifyLog(source(entries.toSpliced(8, 2)), trust);
    expect(gap.problems).toContainEqual({ what: "entries 8 to 9 are missing", index: 8, from: 8, to: 9 });
  });

  it("detects a log that was replaced whole", async () => {
    const other = entries.map((_, i) => entry(i, { ...event(i), requestId: `other-${i}` }));
    const result = await verifyLog(madeToFit(other), trust);
    expect(result.problems.some(({ what }) => what.includes("log replaced"))).toBe(true);
  });

  it("detects changes to the head and to checkpoint rows", async () => {
    const [first, ...rest] = checkpoints;
    const bad: Partial<LogSource>[] = [
      { head: null },
      { head: { size: size + 1, frontier: frontierOf(entries) } },
      { head: { size, frontier: frontierOf(entries).map((node) => changed(node, 3)) } },
      { checkpoints: rest },
      { checkpoints: [{ ...first!, root: changed(first!.root, 5) }, ...rest] },
      { checkpoints: [{ ...first!, size: 6 }, ...rest] },
      { checkpoints: [{ ...first!, note: first!.note.replace("\n5\n", "\n6\n") }, ...rest] },
      { checkpoints: [{ ...first!, cause: "Timer" }, ...rest] },
      { checkpoints: [{ ...first!, at: "at-10" }, ...rest] },
    ];
    for (const more of bad)
      expect((await verifyLog(source(entries, more), trust)).ok, JSON.stringify(more)).toBe(false);
  });

  it("lets nobody frame the log by appending to the outside file", async () => {
    const other = generateKeyPairSync("ed25519").privateKey;
    const note = signCheckpoint({ origin, size: 5, root: Buffer.alloc(32) }, other);
    const outside = { notes: [...trust.outside!.notes, { note, database }], unread: true };
    const result = await verifyLog(source(), { publicKeys, outside });
    expect(result.ok).toBe(true);
    expect(result.notes.join(" ")).toMatch(/no checkpoint.*1 notes? in the outside file/s);
  });
});
