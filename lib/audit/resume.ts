import { renameSync } from "node:fs";
import { type Actor, systemActor } from "../auth/actor";
import { pool } from "../db/client";
import { transaction } from "../db/transaction";
import { Fault } from "../errors";
import { appendAudit } from "./append";
import { openCheckpoint, originOf, withoutEnds } from "./checkpoint";
import { dataFolder } from "./key";
import { trustOf, verifyPool } from "./live";
import { type OutsideNote, outsideFile, readOutside } from "./outside";
import { type CheckpointResult, checkpointNow } from "./publish";
import { restorationSchema } from "./schema";
import { leafHashes } from "./store";
import type { LogTrust } from "./verify";

export type Resumed = {
  /** Of the entry that says so. */
  index: number;
  size: number;
  known: { size: number; root: string };
  /** The last outside checkpoint that what is left fits; null: there is none that small. */
  covered: number | null;
  /** Where the checkpoints of the earlier log are now; null: there was no such file. */
  aside: string | null;
  /** Whether the log is signed again. */
  signed: CheckpointResult;
};

/**
 * Goes on with a log that was restored from an older state than a checkpoint held outside covers, on record: what was known, what
 * is left, who decided it and why. The earlier checkpoints are put aside, not away: held against them the log never verifies
 * again. For whoever rules the data folder: no entry of the log alone makes the server sign a second history.
 * Fault `conflict` when the log is not shorter than what is known outside, or is another one.
 */
export async function resumeLog({
  by,
  reason,
  size: given,
  checkpoints,
  folder = dataFolder(),
  actor = systemActor(0, "command line"),
}: {
  by: string;
  reason: string;
  /** How many entries were restored, when some were written since; default: all there are. */
  size?: number;
  /** A file of checkpoints held outside; default: those that this installation knows. */
  checkpoints?: string;
  folder?: string;
  actor?: Actor;
}): Promise<Resumed> {
  const trust = await trustOf(folder);
  if (checkpoints !== undefined) trust.outside = readOutside(checkpoints);
  const notes = await ofThisLog(trust);
  const last = notes.reduce<(typeof notes)[number] | undefined>(
    (most, one) => (most && most.size >= one.size ? most : one),
    undefined,
  );
  const whole = await verifyPool(pool(), { ...trust, outside: null });
  const size = given ?? whole.size;
  if (!last || last.size <= size) throw new Fault("conflict", await nothingMissing(size, given, trust));
  if (size > whole.size) throw new Fault("invalid", `The log has ${whole.size} entries, fewer than ${size}.`);
  // What is left must be the beginning of that log, as far as anybody outside can tell.
  const within = notes.filter((note) => note.size <= size);
  const outside = { unread: false, notes: within.map(({ entry }) => entry) };
  const { problems } = await verifyPool(pool(), { ...trust, outside });
  // Signed after the backup was made: the checkpoint fits, and its row is in no backup.
  const problem = problems.find(({ unstored }) => !unstored);
  if (problem)
    throw new Fault("conflict", `This is no older state of that log: ${problem.what}. Nothing was recorded.`);
  const known = { size: last.size, root: last.root };
  const covered = within.reduce<number | null>((most, note) => Math.max(most ?? 0, note.size), null);
  const said = restorationSchema.parse({ by, reason, size, known });
  const { index } = await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "log.restored",
      subject: { kind: "log", id: "entries" },
      before: known.root,
      details: { ...said, covered },
    }),
  );
  const aside = putAside(outsideFile(folder), known.size);
  return { index, size, known, covered, aside, signed: await checkpointNow("restored", { folder }) };
}

/** Why there is nothing to record, or how to record it when entries were written since the log was restored. */
async function nothingMissing(size: number, given: number | undefined, trust: LogTrust): Promise<string> {
  const { problems } = await verifyPool(pool(), trust);
  const fits = problems.find(({ unstored }) => !unstored)?.from;
  return given === undefined && fits !== undefined
    ? `Entries were written since the log was restored, and now there are ${size}. Say with --size how many were restored: the last checkpoint that fits covers ${fits}.`
    : `No checkpoint held outside covers more than ${size} entries: there is nothing to record.`;
}

type Known = { size: number; root: string; entry: OutsideNote };

/** The checkpoints held outside that this log's key signed over a log which began as this one. */
async function ofThisLog({ publicKeys, outside }: LogTrust): Promise<Known[]> {
  let origin: string | undefined;
  for await (const [first] of leafHashes(pool(), 0, 1)) origin = first && originOf(first);
  return (outside?.notes ?? []).flatMap((entry) => {
    try {
      const { root, ...checkpoint } = openCheckpoint(entry.note, withoutEnds(publicKeys));
      if (checkpoint.origin !== origin) return [];
      return { size: checkpoint.size, root: Buffer.from(root).toString("hex"), entry };
    } catch {
      // Anyone may append to the file; what this key did not sign says nothing.
      return [];
    }
  });
}

function putAside(file: string, size: number): string | null {
  const aside = `${file}.earlier-log-of-${size}`;
  try {
    renameSync(file, aside);
    return aside;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
