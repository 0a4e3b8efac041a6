import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { logKey } from "../audit/key";
import { startCheckpointTimer } from "../audit/publish";
import { systemActor } from "../auth/actor";
import { createSignInLink } from "../auth/links";
import { listMembers } from "../auth/members";
import { ensureLocalToken } from "../auth/tokens";
import { db, disconnect } from "../db/client";
import { startChild } from "../jobs/child";
import { startWorker } from "../jobs/worker";
import { buildIfStale } from "./build";
import { appSecret, loadingMark, openDatabase, withDatabase } from "./database";
import { Ending } from "./ending";
import { type Lock, Locked, takeLock } from "./lock";
import { dataFolder, writePrivate } from "./paths";
import { listen, type Web } from "./web";

type Role = "web" | "worker" | "all";

const say = (message: string) => console.log(message);

/** Several replicas may meet an empty database at once; one of them fills it. */
const firstStartLock = 4_021_977_002;

/** `npm start` and `npm run dev`: returns only by ending the process. */
export async function start({ dev }: { dev: boolean }): Promise<void> {
  const ending = new Ending(say);
  try {
    await serve(dev, ending);
  } catch (error) {
    if (ending.begun) return;
    process.stderr.write(`countersign: ${(error as Error).message}\n`);
    await ending.end(1);
  }
}

async function serve(dev: boolean, ending: Ending): Promise<void> {
  const { host, port, role } = settings();
  const lock = lockFolder(role);
  ending.add("lock", () => lock.release());
  const web = role === "worker" ? undefined : await listen(host, port);
  if (web) {
    lock.note(web.url);
    ending.add("web server", () => web.close());
  }

  if (!dev && web) await buildIfStale(say, ending.abort.signal);
  const database = await openDatabase(say, (error) => {
    process.stderr.write(`countersign: ${error.message}\n`);
    void ending.end(1);
  });
  const { embedded } = database;
  if (embedded)
    ending.add(
      "database",
      () => embedded.stop(),
      () => embedded.kill(),
    );
  if (ending.begun) return;

  process.env.DATABASE_URL = database.appUrl;
  process.env.NEXTAUTH_SECRET = appSecret();
  if (web) process.env.NEXTAUTH_URL ??= web.url;
  ending.add("database connections", disconnect);
  logKey();
  const isFirst = await withDatabase(database.ownerUrl, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [firstStartLock]);
    const empty = (await db.project.count()) === 0;
    if (empty) {
      say("Loading the demo project …");
      writePrivate(loadingMark(), "");
      await loadDemo(ending);
      rmSync(loadingMark(), { force: true });
    }
    return empty;
  });
  await leaveToken(web);

  if (web) await web.open({ dev });
  if (role !== "web") {
    const worker = await startWorker();
    ending.add("background work", () => worker.stop());
    ending.add("checkpoints", startCheckpointTimer());
  }
  if (ending.begun) return;
  if (!database.separateRoles) {
    say("This database user may not create roles: Countersign runs with one role. `countersign doctor` tells more.");
  }
  if (web) {
    say(`ready ${web.url}`);
    await sayHowToSignIn(web.url, isFirst);
  } else {
    say("ready (background work only)");
  }
}

/** In a process of its own: what it takes to load the demo is not needed again. */
async function loadDemo(ending: Ending): Promise<void> {
  const child = startChild("lib/demo/load-process.ts");
  const stop = () => child.kill("SIGTERM");
  ending.abort.signal.addEventListener("abort", stop);
  const [code] = (await once(child, "exit")) as [number | null];
  ending.abort.signal.removeEventListener("abort", stop);
  if (code !== 0) throw new Error("The demo project could not be loaded.");
}

function settings(): { host: string; port: number; role: Role } {
  const { HOST: host = "127.0.0.1", PORT = "3000", COUNTERSIGN_ROLE: role = "all", DATABASE_URL } = process.env;
  const port = Number(PORT);
  if (!/^\d+$/.test(PORT) || port > 65_535) throw new Error(`PORT must be a number from 0 to 65535, not "${PORT}".`);
  if (role !== "web" && role !== "worker" && role !== "all") {
    throw new Error(`COUNTERSIGN_ROLE must be web, worker or all, not "${role}".`);
  }
  if (role === "worker" && !DATABASE_URL) throw new Error("COUNTERSIGN_ROLE=worker needs DATABASE_URL.");
  if (DATABASE_URL && !/^postgres(ql)?:\/\//.test(DATABASE_URL)) {
    throw new Error("DATABASE_URL must begin with postgresql://");
  }
  return { host: host || "127.0.0.1", port, role };
}

function lockFolder(role: Role): Lock {
  const folder = dataFolder();
  try {
    return takeLock(path.join(folder, role === "worker" ? "worker.lock" : "server.lock"));
  } catch (error) {
    if (!(error instanceof Locked)) throw error;
    const where = error.note ? ` at ${error.note}` : "";
    throw new Error(`Countersign already runs with the data folder ${folder}${where} (process ${error.pid}).`);
  }
}

/** The command line on this machine finds the server and a token here. */
async function leaveToken(web: Web | undefined): Promise<void> {
  if (!web) return;
  const file = path.join(dataFolder(), "cli.json");
  let current: string | undefined;
  try {
    current = (JSON.parse(readFileSync(file, "utf8")) as { token?: string }).token;
  } catch {
    current = undefined;
  }
  const token = await ensureLocalToken(current);
  writePrivate(file, `${JSON.stringify({ url: web.url, token }, null, 2)}\n`);
}

async function sayHowToSignIn(url: string, isFirst: boolean): Promise<void> {
  if (!isFirst) {
    say("To sign in with a one-time link: npm run -s countersign -- user link <e-mail>");
    return;
  }
  const project = await db.project.findFirstOrThrow({ orderBy: { id: "asc" } });
  const actor = systemActor(project.id);
  say("\nOne-time sign-in links of the demo people (each works once, for a day):");
  for (const { email, name, roles } of await listMembers(actor)) {
    const { path: link } = await createSignInLink({ actor, input: { email } });
    say(`  ${name} (${roles.join(", ").replaceAll("_", " ")})\n    ${url}${link}`);
  }
}
