import { setTimeout as wait } from "node:timers/promises";
import { parentOf } from "../db/processes";

/** No single step holds the end up longer (ms): an import under way is one transaction and begins again next time. */
const longest = 15_000;

type Step = { name: string; run: () => unknown };

/**
 * What must be undone when this process ends, last begun first undone. One Ctrl-C ends in order; a second one, a
 * second or more later, ends at once. (npm passes the terminal's signal on, so the same one arrives twice.)
 */
export class Ending {
  private readonly steps: Step[] = [];
  private readonly forced: (() => void)[] = [];
  private begunAt = 0;
  private done: Promise<never> | undefined;
  readonly abort = new AbortController();

  constructor(private readonly say: (message: string) => void) {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.onSignal());
    this.watchParents();
  }

  /** `run` is called when the process ends, before everything added earlier. */
  add(name: string, run: () => unknown, force?: () => void): void {
    this.steps.push({ name, run });
    if (force) this.forced.push(force);
  }

  get begun(): boolean {
    return this.begunAt > 0;
  }

  end(code: number): Promise<never> {
    this.done ??= this.finish(code);
    return this.done;
  }

  private onSignal(): void {
    if (!this.begun) {
      this.say("Stopping …");
      void this.end(0);
    } else if (Date.now() - this.begunAt > 1000) {
      for (const force of this.forced) force();
      process.exit(130);
    }
  }

  private async finish(code: number): Promise<never> {
    this.begunAt = Date.now();
    this.abort.abort();
    for (const { name, run } of this.steps.reverse()) {
      try {
        await Promise.race([run(), wait(longest, undefined, { ref: false })]);
      } catch (error) {
        process.stderr.write(`countersign: ${name}: ${(error as Error).message}\n`);
      }
    }
    process.exit(code);
  }

  /** Under npm, a killed npm must not leave the server behind. A shell may stand between the two. */
  private watchParents(): void {
    if (!process.env.npm_lifecycle_event || process.platform === "win32") return;
    const parent = process.ppid;
    const grandparent = parentOf(parent);
    if (parent === 1) return;
    const timer = setInterval(() => {
      const moved =
        process.ppid !== parent || (grandparent !== null && grandparent > 1 && parentOf(parent) !== grandparent);
      if (moved && !this.begun) void this.end(0);
    }, 1000);
    timer.unref();
  }
}
