import { runNextImport } from "../runs/load";
import { onWake } from "./wake";

const pauseMs = 2000;

/**
 * Takes queued imports one after the other until stopped. Any number of replicas may run one: a job belongs to whoever
 * holds its lock. `stop` waits for the job under way.
 */
export async function startWorker(): Promise<{ stop: () => Promise<void> }> {
  let stopped = false;
  let wake = () => {};
  onWake(() => wake());
  const loop = async () => {
    while (!stopped) {
      let worked = false;
      try {
        worked = await runNextImport();
      } catch (error) {
        // The database went away, say. The job is as it was; look again after the pause.
        console.error("The import worker met a fault:", error);
      }
      if (worked || stopped) continue;
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
      wake();
      await running;
    },
  };
}
