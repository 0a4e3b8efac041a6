import type { ChildProcess } from "node:child_process";
import { db } from "../db/client";
import { retentionWaits } from "../privacy/retention";
import { searchWaits } from "../runs/searchable";
import { startImportProcess } from "./child";
import { onWork } from "./wake";

const pauseMs = 2000;
/** How often it is asked whether content is due by a retention, which counts in days. */
const retentionPauseMs = 600_000;

/** A process, and whether it ended as it should. */
type Run = { child: ChildProcess; ended: Promise<boolean> };

function startRun(when: "now" | "told"): Run {
  const child = startImportProcess(when);
  child.stdin?.on("error", () => {});
  const ended = new Promise<boolean>((done) => {
    child.once("error", (error) => {
      console.error("The import process could not be started:", error);
      done(false);
    });
    child.once("exit", (code) => done(code === 0));
  });
  return { child, ended };
}

/** @param importId whose bytes it was fed, if it was fed all of them */
function begin({ child }: Run, importId: number | null = null): void {
  // One that is gone by now is not missed: the job is done by the next.
  if (child.connected) child.send({ importId }, () => {});
}

/** So much is held for a process that is still starting: an upload that is short does not wait for it. */
const mostHeldBytes = 8 * 1024 * 1024;

/** Waits while too much is held; what the process no longer takes is in the database as well. */
async function feed({ child: { stdin } }: Run, bytes: Uint8Array): Promise<void> {
  if (!stdin?.writable || stdin.write(bytes) || stdin.writableLength <= mostHeldBytes) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stdin.off("drain", done).off("close", done);
      resolve();
    };
    stdin.on("drain", done).on("close", done);
  });
}

/**
 * Looks for queued imports, answers that can't be searched yet and content that is due to be removed, until stopped, and has
 * them done in a process of their own: parsing neither holds up the pages nor leaves its memory behind. Any number of replicas may run one: a job belongs to whoever holds its lock.
 * `stop` ends the process under way; its job stays queued and begins again at the next start.
 */
export async function startWorker(): Promise<{ stop: () => Promise<void> }> {
  let stopped = false;
  let indexes = true;
  let askedAt = Number.NEGATIVE_INFINITY;
  let woken = false;
  let resume = () => {};
  let run: Run | undefined;
  /** Started when an upload began, and takes it while it comes in: by its end it is unpacked. */
  let early: Run | undefined;

  const wake = () => {
    woken = true;
    resume();
  };
  onWork(() => {
    const own = run || early || stopped ? undefined : startRun("told");
    if (own) {
      early = own;
      void own.ended.then(() => {
        if (early === own) early = undefined;
      });
    }
    return {
      take: async (bytes) => {
        if (own) await feed(own, bytes);
      },
      end: (importId) => {
        own?.child.stdin?.end();
        // Another's process has the bytes of another.
        if (early) begin(early, early === own ? importId : null);
        wake();
      },
    };
  });

  const runChild = async () => {
    run = early ?? startRun("now");
    early = undefined;
    begin(run);
    const ended = await run.ended;
    run = undefined;
    return ended;
  };

  const loop = async () => {
    while (!stopped) {
      woken = false;
      try {
        const waiting = await db.import.count({ where: { state: { in: ["queued", "running"] } } });
        if (waiting > 0 && !stopped) await runChild();
        // A search works without its index: one that can't be made, for want of disk say, is not tried for ever.
        else if (indexes && (await searchWaits()) && !stopped) indexes = await runChild();
        else if (performance.now() - askedAt > retentionPauseMs) {
          askedAt = performance.now();
          if ((await retentionWaits()) && !stopped) await runChild();
        }
      } catch (error) {
        // The database went away, say. The job is as it was; look again after the pause.
        if (!stopped) console.error("The import worker met a fault:", error);
      }
      if (stopped) return;
      if (woken) continue;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, pauseMs);
        resume = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopped = true;
      onWork(undefined);
      for (const one of [run, early]) one?.child.kill("SIGTERM");
      wake();
      await running;
    },
  };
}
