import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { version } from "../../../package.json";
import { parseCheckpoint } from "../../audit/checkpoint";
import { logKey } from "../../audit/key";
import { outsideFile, outsideText, readOutside } from "../../audit/outside";
import { BackupError, type BackupSummary, writeBackup } from "../../db/backup";
import { CliError } from "../connection";
import { show } from "../output";
import { databaseUrlIn } from "../own-database";
import { dataFolder } from "../paths";

type Options = { out: string; withLogKey?: boolean; databaseUrl?: string };

export function register(program: Command): void {
  program
    .command("backup")
    .description("write the whole database, as of one moment, into one file; the server may run meanwhile")
    .requiredOption("--out <file>", "where to write it (.tar.gz); a file that is there is not overwritten")
    .option(
      "--with-log-key",
      "with the private key of the log, encrypted with the passphrase in COUNTERSIGN_BACKUP_PASSPHRASE",
    )
    .option("--database-url <url>", "the database, as its owner; default: DATABASE_URL, else the embedded one's")
    .action(async ({ out, withLogKey, databaseUrl }: Options, command: Command) => {
      if (existsSync(out)) throw new CliError(2, `${out} is there already. Name a new file.`);
      const folder = dataFolder();
      // Before the rows: so that no checkpoint covers more than they hold.
      const files = keptFiles(folder, withLogKey);
      let summary: BackupSummary;
      try {
        summary = await writeBackup(databaseUrl ?? databaseUrlOf(folder), out, { program: version, files });
      } catch (error) {
        rmSync(out, { force: true });
        if (error instanceof BackupError) throw new CliError(2, error.message);
        throw new CliError(3, `No backup was made: ${(error as Error).message || (error as { code?: string }).code}.`);
      }
      const { head, rows, tables } = summary;
      show(
        command,
        { file: out, at: head.at, log: head.log, rows, tables, files: Object.keys(files) },
        [
          `Wrote ${out}: ${rows} rows of ${head.tables.length} tables as of ${head.at}, the log at ${head.log.size} entries`,
          `  with it: ${Object.keys(files).join(", ") || "nothing else"}`,
          ...(withLogKey
            ? []
            : ["  without the log's private key: keep log-key.pem elsewhere, or give --with-log-key"]),
          "  keep it as safe as the database: it holds all content, and the hashes of passwords and tokens",
        ].join("\n"),
      );
    });
}

/** What the log needs beside the database: public keys, the checkpoints held outside and, when asked for, the private key. */
function keptFiles(folder: string, withLogKey = false): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  const publicKeys = path.join(folder, "log-key.pub");
  if (existsSync(publicKeys)) files["log-key.pub"] = readFileSync(publicKeys);
  const notes = (readOutside(outsideFile(folder))?.notes ?? []).filter(({ note }) => isCheckpoint(note));
  if (notes.length > 0) files["checkpoints.txt"] = Buffer.from(notes.map(outsideText).join(""));
  if (withLogKey) {
    const passphrase = process.env.COUNTERSIGN_BACKUP_PASSPHRASE;
    if (!passphrase || passphrase.length < 12)
      throw new CliError(
        2,
        "Set COUNTERSIGN_BACKUP_PASSPHRASE to at least 12 characters: the key is never written bare.",
      );
    const { privateKey } = logKey(folder);
    const pem = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase });
    files["log-key.pem"] = Buffer.from(pem);
  }
  return files;
}

function isCheckpoint(note: string): boolean {
  try {
    return parseCheckpoint(note).size > 0;
  } catch {
    return false;
  }
}

/** The owner's address of the database of this machine. */
export function databaseUrlOf(folder: string): string {
  return process.env.DATABASE_URL || databaseUrlIn(folder, "database-url");
}
