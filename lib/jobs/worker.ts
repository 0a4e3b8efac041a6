import type { ChildProcess } from "node:child_process";
import { db } from "../db/client";
import { startChild } from "./child";
import { onWake } from "./wake";

const pauseMs = 2000;

/**
 * Looks for queued imports until stopped, and has them done in a process of their own: parsing neither holds up the
 * pages nor leaves its memory behind. Any number of replicas may run one: a job belongs to whoever holds its lock.
 * `stop` ends the process under way; its job stays queued and begins again at the next start.
 */
export async function startWorker(): Promise<{ stop: () => Promise<void> }> {
  let stopped = false;
  let wake = () => {};
  let child: ChildProcess | undefined;
  onWake(() => wake());

  const runChild = () =>
    new Promise<void>((done) => {
      child = startChild("lib/jobs/import-process.ts");
      child.once("error", (error) => {
        console.error("The import process could not be started:", error);
        done();
      });
      child.once("exit", () => done());
    });

  const loop = async () => {
    while (!stopped) {
      try {
        const waiting = await db.import.count({ where: { state: { in: ["queued", "running"] } } });
        if (waiting > 0 && !stopped) await runChild();
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
