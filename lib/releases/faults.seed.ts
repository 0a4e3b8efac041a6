import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { trustOf, verifyDatabase } from "../audit/live";
import type { Person } from "../auth/actor";
import { hashPassword } from "../auth/password";
import { db, disconnect } from "../db/client";
import { startEmbedded } from "../db/embedded";
import { migrate } from "../db/migrate";
import { childrenOf } from "../db/processes";
import { ensureRoles } from "../db/roles";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample } from "./commands";
import { casesOf, gradeDrawn, type SeededWorld, seedWorld } from "./release.seed";
import { meanings } from "./schema";

/**
 * Signs, and kills at a random moment of it: by turns the process that signs, and the database with all its processes
 * (SIGKILL). Afterwards the database is up again and either nothing of the signature is there, or all of it: state, count,
 * signature, decision, label, its history and the entries of the log. What was acknowledged is there. A server of its own in
 * a folder of its own, which is removed.
 */

export type Faults = {
  points: number;
  /** Points after which nothing, or everything, was there. */
  nothing: number;
  whole: number;
  acknowledged: number;
  killed: { process: number; database: number };
  /** What no point may leave behind, in words. */
  wrong: string[];
  /** Whether the whole log verifies at the end, and how many entries it has. */
  verified: boolean;
  entries: number;
};

const password = "correct horse battery";
/** Who watches over the database gives it up when it stops more often than five times a minute. */
const mostDatabaseKills = { count: 5, withinMs: 61_000 };
const folderOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

type Open = { id: number; evidenceDigest: string; world: SeededWorld };

export async function runFaults(
  points: number,
  say: (line: string) => void = () => {},
  untilMs = Number.POSITIVE_INFINITY,
): Promise<Faults> {
  const base = mkdtempSync(path.join(tmpdir(), `countersign-test-${process.pid}-faults-`));
  // As root, PostgreSQL runs as another user and must get through.
  chmodSync(base, 0o711);
  const before = { url: process.env.DATABASE_URL, data: process.env.COUNTERSIGN_DATA };
  const server = await startEmbedded({ dataFolder: path.join(base, "data") });
  try {
    await migrate(server.url);
    const { appUrl } = await ensureRoles(server.url, "only for tests");
    process.env.DATABASE_URL = appUrl;
    process.env.COUNTERSIGN_DATA = path.join(base, "data");
    return await strike(points, server.cluster, say, untilMs);
  } finally {
    await disconnect();
    await server.stop();
    rmSync(base, { recursive: true, force: true });
    if (!server.cluster.startsWith(base)) rmSync(path.dirname(server.cluster), { recursive: true, force: true });
    restore("DATABASE_URL", before.url);
    restore("COUNTERSIGN_DATA", before.data);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

async function strike(points: number, cluster: string, say: (line: string) => void, untilMs: number): Promise<Faults> {
  const project = await seedProject();
  const passwordHash = await hashPassword(password);
  const manager = await seedPerson(project.id, { roles: ["release_manager"], passwordHash });
  const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
  const found: Faults = {
    ...{ points: 0, nothing: 0, whole: 0, acknowledged: 0, killed: { process: 0, database: 0 } },
    ...{ wrong: [], verified: false, entries: 0 },
  };
  let signer = await startSigner();
  let release = await readyRelease(project.id, manager, reviewer);
  // How long it takes when nobody interferes; then at any moment of that, and a little after.
  let usual = 0;
  for (let i = 0; i < 3; i++) {
    const { answer, ms } = await signWith(signer, manager, release);
    if (!("done" in answer)) throw new Error(`Signing fails without a fault: ${JSON.stringify(answer)}`);
    usual = Math.max(usual, ms);
    release = await readyRelease(project.id, manager, reviewer);
  }
  say(`a signature takes up to ${Math.round(usual)} ms here`);
  const databaseKills: number[] = [];
  while (found.points < points && Date.now() < untilMs) {
    const kind = found.points % 2 ? "database" : "process";
    if (kind === "database") {
      const earlier = databaseKills.at(-mostDatabaseKills.count) ?? Number.NEGATIVE_INFINITY;
      await wait(Math.max(0, earlier + mostDatabaseKills.withinMs - Date.now()));
      databaseKills.push(Date.now());
    }
    const at = Math.random() * usual * 1.2;
    const signing = signWith(signer, manager, release, async () => {
      await wait(at);
      if (kind === "process") signer.kill("SIGKILL");
      else killDatabase(cluster);
    });
    const { answer } = await signing;
    found.points++;
    found.killed[kind]++;
    if ("done" in answer) found.acknowledged++;
    const trace = await untilUp(() => traceOf(release));
    const state = sameAs(trace, nothing) ? "nothing" : sameAs(trace, whole) ? "whole" : "torn";
    const where = `point ${found.points}, ${kind} after ${Math.round(at)} ms`;
    if (state === "torn") found.wrong.push(`${where}: torn: ${JSON.stringify(trace)}`);
    else found[state]++;
    if ("done" in answer && state !== "whole") found.wrong.push(`${where}: acknowledged, and ${state}`);
    if (state !== "nothing") release = await untilUp(() => readyRelease(project.id, manager, reviewer));
    if (kind === "process") signer = await startSigner();
    if (found.points % 10 === 0)
      say(`${found.points}: ${found.nothing} nothing, ${found.whole} whole, ${found.wrong.length} wrong`);
  }
  signer.kill();
  const log = await untilUp(async () => verifyDatabase(process.env.DATABASE_URL!, await trustOf()));
  found.verified = log.ok;
  found.entries = await db.auditEntry.count();
  if (!log.ok) found.wrong.push(`the log does not verify: ${JSON.stringify(log)}`);
  return found;
}

async function readyRelease(projectId: number, manager: Person, reviewer: Person): Promise<Open> {
  const world = await seedWorld(projectId, casesOf({ "fail>pass": 3, "pass>pass": 1 }), { label: "production" });
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", judges: [], policy: "standard" };
  const { id } = await createRelease({ actor: manager, input });
  await drawSample({ actor: manager, input: { releaseId: id, size: 10 } });
  await gradeDrawn(id, reviewer.userId, (_, side) => (side === "candidate" ? "pass" : "fail"));
  const { evidenceDigest } = await closeGrading({ actor: manager, input: { releaseId: id } });
  return { id, evidenceDigest, world };
}

async function startSigner(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", folderOf("./faults.signer.ts")], {
    cwd: folderOf("../.."),
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  await once(child, "message");
  return child;
}

type Answer = { ready: true } | { done: { state: string } } | { error: string } | { gone: true };

/** Sets the pen, lets it sign, does `meanwhile`, and waits for what the other process says, or for its end. */
async function signWith(
  signer: ChildProcess,
  actor: Person,
  { id: releaseId, evidenceDigest }: Open,
  meanwhile: () => Promise<void> = async () => {},
): Promise<{ answer: Answer; ms: number }> {
  const next = () =>
    Promise.race([
      once(signer, "message").then(([message]) => message as Answer),
      once(signer, "exit").then((): Answer => ({ gone: true })),
    ]);
  const meaning = meanings.approve[0];
  const input = { releaseId, evidenceDigest, decision: "approve", meaning, reason: "Read all of it." };
  const ready = next();
  signer.send({ actor, password, input });
  const said = await ready;
  if (!("ready" in said)) throw new Error(`The signer is not ready: ${JSON.stringify(said)}`);
  const started = performance.now();
  const answer = next();
  signer.send("go");
  await meanwhile();
  return { answer: await answer, ms: performance.now() - started };
}

/** The postmaster and every process it started, at once, as a power cut would. */
function killDatabase(cluster: string): void {
  const postmaster = Number(readFileSync(path.join(cluster, "postmaster.pid"), "utf8").split("\n")[0]);
  for (const pid of [postmaster, ...childrenOf(postmaster).map((child) => child.pid)]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

/** The database comes up again by itself; until then every question fails. */
async function untilUp<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 200) throw error;
      await wait(100);
    }
  }
}

const nothing = {
  ...{ state: "ready", approvals: 0, decided: false, signatures: 0, decisions: 0, label: "v1", moves: 0 },
  ...{ signed: 0, moved: 0, named: null },
};
const whole = {
  ...{ state: "approved", approvals: 1, decided: true, signatures: 1, decisions: 1, label: "v2", moves: 1 },
  ...{ signed: 1, moved: 1, named: "release.signed_off" },
};
type Trace = { [name in keyof typeof whole]: string | number | boolean | null };

const sameAs = (trace: Trace, wanted: Trace) =>
  Object.keys(whole).every((name) => trace[name as keyof Trace] === wanted[name as keyof Trace]);

/** Everything that a signature leaves, wherever it leaves it. */
async function traceOf({ id, world }: Open): Promise<Trace> {
  const [row] = await db.$queryRaw<Trace[]>`
    SELECT r.state::text, r.approvals, r.decided_at IS NOT NULL AS decided,
           (SELECT count(*)::int FROM sign_off s WHERE s.release_id = r.id) AS signatures,
           (SELECT count(*)::int FROM decision d WHERE d.release_id = r.id) AS decisions,
           (SELECT v.key FROM label l JOIN prompt_version v ON v.id = l.version_id
             WHERE l.prompt_id = r.prompt_id AND l.name = 'production') AS label,
           (SELECT count(*)::int FROM label_move m WHERE m.release_id = r.id) AS moves,
           (SELECT count(*)::int FROM audit_entry e WHERE e.subject LIKE 'release:' || r.id || ' %' AND e.action = 'release.signed_off') AS signed,
           (SELECT count(*)::int FROM audit_entry e WHERE e.subject LIKE 'label:' || ${world.prompt} || '/%' AND e.action = 'label.moved') AS moved,
           (SELECT e.action FROM decision d JOIN audit_entry e ON e."index" = d.audit_index WHERE d.release_id = r.id) AS named
      FROM release r WHERE r.id = ${id}`;
  return row!;
}
