import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import { CliError } from "../connection";
import { show } from "../output";
import { root } from "../paths";

export function register(program: Command): void {
  const dev = program.command("dev", { hidden: true }).description("for work on Countersign itself");

  dev
    .command("migration")
    .argument("<name>", "what it is for, in snake_case")
    .description("write the SQL that takes the committed prisma/schema.prisma to the edited one")
    .option("--from <commit>", "compare with this commit's schema", "HEAD")
    .action(async (name: string, { from }: { from: string }, command: Command) => {
      if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new CliError(2, "The name must be snake_case: it says why, in words.");
      const git = spawnSync("git", ["show", `${from}:prisma/schema.prisma`], { cwd: root, encoding: "utf8" });
      if (git.status !== 0) throw new CliError(2, `git: ${git.stderr.trim()}`);
      const file = await write(git.stdout, name);
      show(command, { file }, file ?? "The schema is as it was: no migration is needed.");
    });
}

/** The engine wants a database to talk to; a throw-away one does. */
async function write(formerSchema: string, name: string): Promise<string | null> {
  const { startEmbedded } = await import("../../db/embedded");
  const { writeMigration } = await import("../../db/migrate");
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-dev-"));
  try {
    const { url, stop } = await startEmbedded({ dataFolder: path.join(folder, "data"), durable: false });
    return await writeMigration(url, formerSchema, name).finally(stop);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
