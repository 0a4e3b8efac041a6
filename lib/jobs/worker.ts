import type { ChildProcess } from "node:child_process";
import { db } from "../db/client";
import { retentionWaits } from "../privacy/retention";
import { searchWaits } from "../runs/searchable";
import { startImportProcess } from "./child";
import { onWake } from "./wake";

const pauseMs = 2000;
/** How often it is asked whether content is due by a retention, which counts in days. */
const retentionPauseMs = 600_000;

/**
 * Looks for queued imports, answers that can't be searched yet and content that is due to be removed, until stopped, and has
 * them done in a process of their own: parsing neither holds up the pages nor leaves its memory behind. Any number of replicas may run one: a job belongs to whoever holds its lock.
 * `stop` ends the process under way; its job stays queued and begins again at the next start.
 */
export async function startWorker(): Promise<{ stop: () => Promise<void> }> {
  let stopped = false;
  let indexes = true;
  let askedAt = Number.NEGATIVE_INFINITY;
  let wake = () => {};
  let child: ChildProcess | undefined;
  onWake(() => wake());

  /** Whether it ended as it should. */
  const runChild = () =>
    new Promise<boolean>((done) => {
      child = startImportProcess();
      child.once("error", (error) => {
        console.error("The import process could not be started:", error);
        done(false);
      });
      child.once("exit", (code) => done(code === 0));
    });

  const loop = async () => {
    while (!stopped) {
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
      await new Promise<void>((resume) => {
        const timer = setTimeout(resume, pauseMs);
        wake = () => {
          clearTimeout(timer);
          resume();
        };
      });
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopped = true;
      onWake(undefined);
      child?.kill("SIGTERM");
      wake();
      await running;
    },
  };
}
