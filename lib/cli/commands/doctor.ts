import { existsSync, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { logPublicKeys } from "../../audit/key";
import { trustOf, verifyDatabase } from "../../audit/live";
import { deliveries } from "../../audit/publish";
import { migrationStatus } from "../../db/migrate";
import { rolesAreSeparate, weakPlaces } from "../../db/roles";
import { describe, serverVersion, withDatabase } from "../database";
import { plain, show } from "../output";
import { dataFolder } from "../paths";

type Check = { name: string; ok: boolean; detail: string };

export function register(program: Command): void {
  program
    .command("doctor")
    .description("is everything as it should be? Exit code 1 when something is not, 3 without a database")
    .action(async (_options: object, command: Command) => {
      const { checks, reached } = await examine();
      const lines = checks.map(({ name, ok, detail }) => `${ok ? "✓" : "✗"} ${name}: ${plain(detail)}`);
      show(command, { ok: checks.every(({ ok }) => ok), checks }, lines.join("\n"));
      process.exitCode = !reached ? 3 : checks.every(({ ok }) => ok) ? 0 : 1;
    });
}

async function examine(): Promise<{ checks: Check[]; reached: boolean }> {
  const folder = dataFolder();
  const checks: Check[] = [];
  const check = async (name: string, look: () => Promise<Omit<Check, "name">>) => {
    const result = await look().catch((error: Error) => ({ ok: false, detail: error.message }));
    checks.push({ name, ...result });
    return result.ok;
  };

  const kept = path.join(folder, "database-url");
  const url = process.env.DATABASE_URL ?? (existsSync(kept) ? readFileSync(kept, "utf8").trim() : undefined);
  const reached = await check("Database", async () => {
    if (!url) return { ok: false, detail: `there is none yet in ${folder}: run npm start` };
    const version = await serverVersion(url);
    const kind = process.env.DATABASE_URL ? "" : ", embedded";
    return { ok: version >= 15, detail: `PostgreSQL ${version} at ${describe(url)}${kind}` };
  });
  if (url && reached) {
    await check("Migrations", async () => {
      const { applied, pending, changed, failed } = await migrationStatus(url);
      const wrong = [
        ...pending.map((name) => `${name} is not applied`),
        ...changed.map((name) => `${name} changed after it was applied`),
        ...failed.map((name) => `${name} failed`),
      ];
      return { ok: wrong.length === 0, detail: wrong.join("; ") || `${applied.length} applied` };
    });
    await check("Roles", async () => {
      const file = path.join(folder, "app-database-url");
      if (!existsSync(file)) return { ok: false, detail: `not set up yet: run npm start (there is no ${file})` };
      const separate = await withDatabase(readFileSync(file, "utf8").trim(), rolesAreSeparate);
      const detail = separate
        ? "the application cannot change the audit log"
        : "this database user may not create roles, so the application runs as the owner: triggers, and checkpoints " +
          "held elsewhere, protect the audit log";
      return { ok: separate || Boolean(process.env.DATABASE_URL), detail };
    });
  }
  if (url && reached) {
    await check("Kept tables", async () => {
      const weak = await withDatabase(url, weakPlaces);
      const detail =
        weak.length === 0
          ? "triggers on, also for replication roles; no reference, function or right changes what is only added to"
          : weak.join("; ");
      return { ok: weak.length === 0, detail };
    });
    await check("Audit log", async () => {
      const { ok, size, root, problems, problemCount, notes } = await verifyDatabase(url, await trustOf(folder));
      const wrong = problems
        .slice(0, 3)
        .map(({ index, what }) => (index === undefined ? what : `entry ${index}: ${what}`));
      const more =
        problemCount > wrong.length ? [`and ${problemCount - wrong.length} more; see countersign verify`] : [];
      const derived = `root ${root} derived again from ${size} entries`;
      return { ok, detail: [ok ? derived : [...wrong, ...more].join("; "), ...notes].join(". ") };
    });
    await check("Outside holders", async () => {
      const held = await withDatabase(url, (client) => deliveries(client, folder));
      const words = held.map(({ holder, size, problem }) => `${holder}: ${problem ?? `up to ${size} entries`}`);
      const ok = held.every(({ problem }) => problem === null);
      return { ok, detail: ["the checkpoint file", ...words].join("; ") };
    });
  }
  await check("Log key", async () => {
    const retired = logPublicKeys(folder).filter(({ until }) => until !== null).length;
    const ok = logPublicKeys(folder).length > 0;
    return { ok, detail: ok ? `present${retired > 0 ? `, ${retired} retired` : ""}` : `missing in ${folder}` };
  });
  await check("Disk", async () => {
    const { bavail, bsize } = await statfs(existsSync(folder) ? folder : path.dirname(folder));
    const free = (bavail * bsize) / 2 ** 30;
    return { ok: free > 1, detail: `${free.toFixed(1)} GiB free` };
  });
  return { checks, reached };
}
