import { createPublicKey, type KeyObject } from "node:crypto";
import { openCheckpoint, originOf, type SignedCheckpoint, type TrustedKey, withoutEnds } from "./checkpoint";
import { type LeafColumns, leafColumns, parseLeaf } from "./leaf";
import type { Outside, OutsideNote } from "./outside";
import type { Head, StoredCheckpoint, StoredEntry } from "./store";
import { frontierAppend, frontierRoot, type Hash, leafHash, same } from "./tree";

/** The log as stored. `entries` come in index order, in chunks; `database` is its name as the outside file has it. */
export type LogSource = {
  head: Head | null;
  entries: AsyncIterable<StoredEntry[]> | Iterable<StoredEntry[]>;
  checkpoints: readonly StoredCheckpoint[];
  database: string | null;
  /** The log's own entries about a change of its key. */
  rotations?: readonly { index: number; publicKey: string }[];
  /** The log's own entries about going on from an older state. */
  restorations?: readonly Restoration[];
};

/** An entry `log.restored`: of the log as it was known outside, all from `size` on is gone. */
export type Restoration = {
  index: number;
  at: string;
  by: string;
  reason: string;
  size: number;
  known: { size: number; root: string };
};

/** What is not taken from the database: the keys, and what outside holders hold (null: there is none). */
export type LogTrust = {
  publicKeys: readonly TrustedKey[];
  outside: Outside | null;
  /** Outside holders that could not be asked, and why. */
  unreachable?: readonly string[];
};

/** `index` names one entry; `from` and `to` (inclusive) a range that holds the changed one. */
export type LogProblem = {
  what: string;
  index?: number;
  from?: number;
  to?: number;
  /** A checkpoint is held outside and fits, but its row is gone. */
  unstored?: true;
};

export type LogVerification = {
  ok: boolean;
  /** Number of entries read. */
  size: number;
  /** Hex root over the recorded leaf hashes. */
  root: string;
  origin: string | null;
  /** How many checkpoints were held against the entries, and the largest size each kind covers. */
  checkpoints: { stored: number; outside: number; storedSize: number; outsideSize: number };
  /** The first 100 problems; `problemCount` counts all. */
  problems: LogProblem[];
  problemCount: number;
  /** What a reader should know that is no problem. */
  notes: string[];
};

const problemsKept = 100;

/**
 * Checks the whole log: indices without a gap, each leaf against its hash, each column against its leaf, the head, and
 * every signed checkpoint against the tree. Memory stays flat. ok means: nothing before the last outside checkpoint was
 * changed, and what follows it is consistent in itself.
 */
export async function verifyLog(source: LogSource, trust: LogTrust): Promise<LogVerification> {
  const problems: LogProblem[] = [];
  let problemCount = 0;
  const report = (problem: LogProblem) => {
    if (++problemCount <= problemsKept) problems.push(problem);
  };
  const notes: string[] = [];

  const keys = followKeys(source, trust);
  const stored = openStored(source.checkpoints, keys, report);
  const outside = openOutside(trust.outside?.notes ?? [], keys);
  const roots = new Map<number, Buffer>();
  const wanted = new Set([...stored, ...outside.map(({ checkpoint }) => checkpoint)].map(({ size }) => size));

  let frontier: Hash[] = [];
  let size = 0;
  let expected = 0;
  let origin: string | null = null;
  for await (const chunk of source.entries) {
    for (const entry of chunk) {
      if (entry.index > expected)
        report({
          what: `${range(expected, entry.index - 1)} missing`,
          from: expected,
          to: entry.index - 1,
          index: expected,
        });
      if (entry.index < expected) report({ what: "this entry stands outside the order", index: entry.index });
      for (const what of entryProblems(entry)) report({ what, index: entry.index });
      origin ??= originOf(entry.leafHash);
      frontier = frontierAppend(frontier, size, entry.leafHash);
      size++;
      expected = Math.max(expected, entry.index + 1);
      if (wanted.has(size)) roots.set(size, frontierRoot(frontier));
    }
  }
  const root = frontierRoot(frontier);

  headProblems(source.head, size, frontier).forEach(report);

  const isOwn = ({ checkpoint, database }: OpenedOutside) =>
    checkpoint.origin === origin ||
    (database !== undefined && database === source.database && !database.startsWith("unknown/"));
  const own = outside.filter(isOwn);
  compareRoots("a checkpoint stored in the database", stored, roots, origin, size, report);
  const restorations = source.restorations ?? [];
  const current = own.filter((entry) => !isEarlier(entry));
  compareRoots(
    "a checkpoint held outside",
    current.map(({ checkpoint }) => checkpoint),
    roots,
    origin,
    size,
    report,
  );
  compareRemarks(current, source.checkpoints, report);
  // A record of the break explains it, and excuses nothing: whoever rules the database could have written it.
  for (const restoration of restorations) {
    const held = own.filter((entry) => ofEarlierLog(restoration, entry)).length;
    const what = restorationWords(restoration);
    if (held === 0) notes.push(`${what} No checkpoint of the earlier log is among those given here.`);
    else report({ what: `${what} ${checkpointsSay(held)}`, from: restoration.size, to: restoration.known.size - 1 });
  }

  const largest = (sizes: number[]) => sizes.reduce((most, n) => Math.max(most, n), 0);
  const covering = current.filter(({ late }) => !late);
  const outsideSize = largest(covering.map(({ checkpoint }) => checkpoint.size));
  if (covering.length < current.length)
    notes.push(
      `${current.length - covering.length} checkpoints held outside are signed by a key that was retired before: this is an older state of the log, or somebody signs with the old key.`,
    );
  if (covering.length === 0)
    notes.push("No outside checkpoint: whoever rules the database could have rewritten the whole log without a trace.");
  else if (outsideSize < size)
    notes.push(
      `The outside checkpoints cover the first ${outsideSize} entries; the ${size - outsideSize} after them rest on the database alone.`,
    );
  if (outside.length > own.length)
    notes.push(`The outside file also holds ${outside.length - own.length} checkpoints of other logs.`);
  if (trust.outside?.unread) notes.push("The outside file holds text that is no checkpoint; it was passed over.");
  if ((trust.outside?.notes.length ?? 0) > outside.length)
    notes.push(
      `${(trust.outside?.notes.length ?? 0) - outside.length} notes in the outside file are not signed by this log's key; they were passed over.`,
    );
  for (const why of trust.unreachable ?? []) notes.push(`An outside holder could not be asked: ${why}`);
  const followed = keys.length - trust.publicKeys.length;
  if (followed > 0)
    notes.push(
      `The key changed ${followed === 1 ? "once" : `${followed} times`}; each was signed for by the one before.`,
    );
  if (keys.length === 0 && source.checkpoints.length > 0)
    report({ what: "there is no public key of the log here, so no signature could be checked" });

  return {
    ok: problemCount === 0,
    size,
    root: root.toString("hex"),
    origin,
    checkpoints: {
      stored: stored.length,
      outside: covering.length,
      storedSize: largest(stored.map((c) => c.size)),
      outsideSize,
    },
    problems,
    problemCount,
    notes,
  };

  function isEarlier(entry: OpenedOutside): boolean {
    return restorations.some((restoration) => ofEarlierLog(restoration, entry));
  }

  /** Of the log before it was restored: over entries that are said to be gone, not signed since, and it does not fit. */
  function ofEarlierLog({ size: kept, known }: Restoration, { checkpoint, note }: OpenedOutside): boolean {
    if (checkpoint.size <= kept || checkpoint.size > known.size || checkpoint.origin !== origin) return false;
    if (source.checkpoints.some((row) => row.note === note)) return false;
    const now = roots.get(checkpoint.size);
    return !now || !same(now, checkpoint.root);
  }
}

function restorationWords({ index, at, by, reason, size, known }: Restoration): string {
  const lost = range(size, known.size - 1).replace(/ (is|are)$/, " of the earlier log $1");
  return `The log was restored to ${size} entries on ${at.slice(0, 10)} by ${quoted(by)}: ${lost} not in this one. Entry ${index} says why: ${quoted(reason)}.`;
}

function checkpointsSay(held: number): string {
  return held === 1 ? "A checkpoint held outside shows it." : `${held} checkpoints held outside show it.`;
}

function headProblems(head: Head | null, size: number, frontier: readonly Hash[]): LogProblem[] {
  if (!head) return [{ what: "the head row of the log was removed" }];
  const problems: LogProblem[] = [];
  if (head.size !== size) {
    const what = `the head of the log counts ${head.size} entries, but there are ${size}`;
    problems.push({ what, index: Math.min(size, head.size) });
  }
  if (head.frontier.length !== frontier.length || !head.frontier.every((node, i) => same(node, frontier[i]!)))
    problems.push({ what: "the head of the log does not fit the recorded leaf hashes" });
  return problems;
}

const columnNames: Record<keyof LeafColumns, string> = {
  projectId: "project_id",
  at: "at",
  action: "action",
  actor: "actor",
  subject: "subject",
  requestId: "request_id",
};

function entryProblems(entry: StoredEntry): string[] {
  if (!same(leafHash(entry.leaf), entry.leafHash))
    return ["leaf and leaf_hash do not fit each other: one of them was changed"];
  let columns: LeafColumns;
  try {
    columns = leafColumns(parseLeaf(entry.leaf));
  } catch {
    return ["the leaf is not an audit event that this version can read"];
  }
  return (Object.keys(columnNames) as (keyof LeafColumns)[])
    .filter((key) => entry[key] !== columns[key])
    .map((key) => `the column ${columnNames[key]} says ${quoted(entry[key])}, its leaf says ${quoted(columns[key])}`);
}

/** As JSON, so that control characters can't reach a terminal; cut to a readable length. */
function quoted(value: string | number | null): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

type Report = (problem: LogProblem) => void;

/**
 * The trusted keys and those that followed them: a key that the log announces, and that signed a checkpoint over the
 * announcement together with a key that is trusted.
 */
function followKeys({ rotations = [], checkpoints }: LogSource, { publicKeys, outside }: LogTrust): TrustedKey[] {
  const keys = [...publicKeys];
  const notes = [...checkpoints, ...(outside?.notes ?? [])].map(({ note }) => note);
  for (const { index, publicKey } of rotations) {
    const next = keyOf(publicKey);
    if (!next || keys.some(({ key }) => key.equals(next))) continue;
    const sizes = notes.flatMap((note) => {
      try {
        openCheckpoint(note, next);
        return openCheckpoint(note, keys).size;
      } catch {
        return [];
      }
    });
    const over = sizes.filter((size) => size > index).sort((a, b) => a - b)[0];
    if (over === undefined) continue;
    keys.forEach((entry, i) => {
      if (entry.until === null) keys[i] = { ...entry, until: over };
    });
    keys.push({ key: next, until: null });
  }
  return keys;
}

function keyOf(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
}

function openStored(
  rows: readonly StoredCheckpoint[],
  keys: readonly TrustedKey[],
  report: Report,
): SignedCheckpoint[] {
  if (keys.length === 0) return [];
  return rows.flatMap((row) => {
    try {
      const checkpoint = openCheckpoint(row.note, keys);
      if (checkpoint.size !== row.size || !same(checkpoint.root, row.root))
        throw new Error("its columns do not say what its note says");
      return [checkpoint];
    } catch (error) {
      report({ what: `the stored checkpoint over ${row.size} entries is not valid: ${(error as Error).message}` });
      return [];
    }
  });
}

/** `late`: signed by a retired key over more entries than it was good for, so it can speak against the log alone. */
type OpenedOutside = OutsideNote & { checkpoint: SignedCheckpoint; late: boolean };

/** Anyone may append to the outside file: what this log's keys did not sign binds nobody. */
function openOutside(notes: readonly OutsideNote[], keys: readonly TrustedKey[]): OpenedOutside[] {
  const opened = (entry: OutsideNote, by: readonly TrustedKey[], late: boolean): OpenedOutside | null => {
    try {
      return { ...entry, checkpoint: openCheckpoint(entry.note, by), late };
    } catch {
      return null;
    }
  };
  return notes.flatMap((entry) => opened(entry, keys, false) ?? opened(entry, withoutEnds(keys), true) ?? []);
}

/** Reports the first checkpoint that the entries contradict: the changed entry lies after the last one they fit. */
function compareRoots(
  name: string,
  checkpoints: readonly SignedCheckpoint[],
  roots: ReadonlyMap<number, Hash>,
  origin: string | null,
  size: number,
  report: Report,
) {
  const bySize = [...checkpoints].sort((a, b) => a.size - b.size);
  let good = 0;
  for (const checkpoint of bySize) {
    const root = roots.get(checkpoint.size);
    if (checkpoint.origin !== origin) {
      report({
        what: `${name} belongs to a log with another first entry: entry 0 was changed or the log replaced`,
        index: 0,
      });
      return;
    }
    if (!root) {
      // Which of them went missing can't be told: those that are left may have been moved up.
      const to = checkpoint.size - 1;
      report({
        what: `${name} covers ${checkpoint.size} entries, and there are ${size}: of the entries ${good} to ${to} at least ${checkpoint.size - size} are missing`,
        from: good,
        to,
        ...(good === size ? { index: size } : {}),
      });
      return;
    }
    if (!same(root, checkpoint.root)) {
      const to = checkpoint.size - 1;
      report({
        what: `${name} over ${checkpoint.size} entries has another root: at least one of the entries ${good} to ${to} was changed`,
        from: good,
        to,
        ...(good === to ? { index: good } : {}),
      });
      return;
    }
    good = checkpoint.size;
  }
}

/** What the outside file remembers of a checkpoint row beyond its note. */
function compareRemarks(own: readonly OpenedOutside[], rows: readonly StoredCheckpoint[], report: Report) {
  const bySize = new Map(rows.map((row) => [row.size, row]));
  const seen = new Set<number>();
  for (const { checkpoint, cause, at } of own) {
    const row = bySize.get(checkpoint.size);
    if (seen.has(checkpoint.size)) continue;
    seen.add(checkpoint.size);
    if (!row)
      report({
        what: `the checkpoint over ${checkpoint.size} entries is held outside, but missing in the database`,
        unstored: true,
      });
    else if (cause !== row.cause || at !== row.at)
      report({
        what: `cause or time of the stored checkpoint over ${row.size} entries is not what was recorded outside`,
      });
  }
}

function range(from: number, to: number): string {
  return from === to ? `entry ${from} is` : `entries ${from} to ${to} are`;
}
