import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { logKey, logPublicKeys, parseKeys, replaceKey } from "../../audit/key";
import { trustOf, verifyDatabase } from "../../audit/live";
import { outsideFile } from "../../audit/outside";
import { BackupError, type BackupSummary, readBackup } from "../../db/backup";
import { startEmbedded } from "../../db/embedded";
import { migrate } from "../../db/migrate";
import { CliError } from "../connection";
import { Locked, takeLock } from "../lock";
import { plain, show } from "../output";
import { dataFolder, writePrivate } from "../paths";

export function register(program: Command): void {
  program
    .command("restore")
    .argument("<file>", "what `countersign backup` wrote")
    .description("fill an empty database from a backup, and verify the log; the server must not run")
    .option("--database-url <url>", "the empty database, as its owner; default: DATABASE_URL, else a new embedded one")
    .action(async (file: string, { databaseUrl }: { databaseUrl?: string }, command: Command) => {
      if (!existsSync(file)) throw new CliError(2, `${file} is not there.`);
      const folder = dataFolder();
      const given = databaseUrl ?? process.env.DATABASE_URL;
      const lock = lockFolder(folder);
      try {
        const { url, stop } = given ? { url: given, stop: async () => {} } : await embedded(folder);
        try {
          await restore(file, url, folder, command);
        } finally {
          await stop();
        }
      } finally {
        lock.release();
      }
    });
}

async function restore(file: string, url: string, folder: string, command: Command): Promise<void> {
  const { files, ...summary } = await fill(url, file);
  const keyNote = keepFiles(folder, files, summary);
  // Against what this machine and outside holders hold, which may be more than the backup knows of.
  const log = await verifyDatabase(url, await trustOf(folder));
  const words = [
    `Restored ${summary.rows} rows of ${summary.head.tables.length} tables, as of ${summary.head.at}`,
    `${log.ok ? "The log verifies" : "The log does NOT verify"}: ${log.size} entries, root ${log.root}`,
    `  ${log.checkpoints.stored} checkpoints in the database, ${log.checkpoints.outside} outside (up to ${log.checkpoints.outsideSize} entries)`,
    ...log.problems
      .slice(0, 10)
      .map(({ what, index }) => `  ✗ ${index === undefined ? "" : `entry ${index}: `}${what}`),
    ...log.notes.map((note) => `  note: ${plain(note)}`),
    ...(keyNote ? [`  ${keyNote}`] : []),
    ...(log.ok
      ? ["Start the server with npm start."]
      : [
          "If an outside holder has newer checkpoints, this backup is older than what was signed: docs/backup.md says what to do.",
        ]),
  ];
  show(
    command,
    { file, at: summary.head.at, rows: summary.rows, tables: summary.tables, log, key: keyNote },
    words.join("\n"),
  );
  process.exitCode = log.ok ? 0 : 1;
}

async function fill(url: string, file: string): Promise<BackupSummary & { files: Record<string, Buffer> }> {
  try {
    await migrate(url);
    return await readBackup(url, file);
  } catch (error) {
    if (error instanceof BackupError) throw new CliError(2, error.message);
    throw new CliError(3, `Nothing was restored: ${(error as Error).message || (error as { code?: string }).code}.`);
  }
}

/**
 * Puts the keys and checkpoints of the backup into the data folder. What is there stays: checkpoints of this machine may know
 * of more than the backup does. Returns what people should know about the key.
 */
function keepFiles(folder: string, files: Record<string, Buffer>, { head }: BackupSummary): string | null {
  mkdirSync(folder, { recursive: true });
  const checkpoints = outsideFile(folder);
  if (files["checkpoints.txt"] && !existsSync(checkpoints)) writeFileSync(checkpoints, files["checkpoints.txt"]);
  const [old] = parseKeys(files["log-key.pub"]?.toString("utf8") ?? "");
  if (!old) return null;
  if (logPublicKeys(folder).some(({ key }) => key.equals(old.key))) return null;
  const own = process.env.COUNTERSIGN_LOG_KEY || existsSync(path.join(folder, "log-key.pem"));
  const brought = own ? null : openKey(files["log-key.pem"]);
  if (brought && createPublicKey(brought).equals(old.key)) {
    writePrivate(path.join(folder, "log-key.pem"), brought.export({ type: "pkcs8", format: "pem" }).toString());
    writeFileSync(path.join(folder, "log-key.pub"), files["log-key.pub"]!);
    return "The log's private key came with the backup, and signs again.";
  }
  if (process.env.COUNTERSIGN_LOG_KEY && createPublicKey(process.env.COUNTERSIGN_LOG_KEY).equals(old.key)) {
    writeFileSync(path.join(folder, "log-key.pub"), files["log-key.pub"]!);
    return null;
  }
  if (own) logKey(folder);
  replaceKey(folder, old.key, head.log.size, own ? null : generateKeyPairSync("ed25519").privateKey);
  return `The log's private key is not here: from entry ${head.log.size} on another key signs. Give log-key.pub to whoever verifies, or put the old log-key.pem back.`;
}

function openKey(pem: Buffer | undefined): KeyObject | null {
  const passphrase = process.env.COUNTERSIGN_BACKUP_PASSPHRASE;
  if (!pem) return null;
  if (!passphrase)
    throw new CliError(
      2,
      "The backup holds the log's private key: set COUNTERSIGN_BACKUP_PASSPHRASE to its passphrase.",
    );
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch {
    throw new CliError(2, "COUNTERSIGN_BACKUP_PASSPHRASE does not open the log's private key in the backup.");
  }
}

function lockFolder(folder: string) {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  try {
    return takeLock(path.join(folder, "server.lock"));
  } catch (error) {
    if (!(error instanceof Locked)) throw error;
    throw new CliError(2, `Countersign runs with the data folder ${folder} (process ${error.pid}). Stop it first.`);
  }
}

async function embedded(folder: string): Promise<{ url: string; stop: () => Promise<void> }> {
  try {
    const { url, stop } = await startEmbedded({ dataFolder: folder });
    return { url, stop };
  } catch (error) {
    throw new CliError(3, (error as Error).message);
  }
}
