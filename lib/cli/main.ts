/** Runs what boot.mjs was asked for. */
export async function run(verb: string, args: string[]): Promise<void> {
  if (verb === "start" || verb === "dev") {
    const { start } = await import("./start");
    return start({ dev: verb === "dev" });
  }
  if (verb === "check" || verb === "test") {
    const steps = await import("./test");
    return leave(await steps[verb]());
  }
  if (verb === "bench") {
    const { bench } = await import("../../bench/main");
    return leave(await bench(args));
  }
  if (verb === "screenshots") {
    const { screenshots } = await import("../../e2e/screens/main");
    return leave(await screenshots(args));
  }
  const { cli } = await import("./program");
  leave(await cli(args));
}

/** Ends without waiting for what is idle (kept connections, timers), once everything printed has left. */
function leave(code: number): void {
  process.stderr.write("", () => process.stdout.write("", () => process.exit(code)));
}
