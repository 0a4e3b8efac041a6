/** Runs what boot.mjs was asked for. */
export async function run(verb: string, args: string[]): Promise<void> {
  switch (verb) {
    case "start":
    case "dev": {
      const { start } = await import("./start");
      return start({ dev: verb === "dev" });
    }
    case "check":
    case "test": {
      const { check, test } = await import("./test");
      process.exit(await (verb === "check" ? check() : test()));
      break;
    }
    case "cli": {
      const { cli } = await import("./program");
      process.exitCode = await cli(args);
    }
  }
}
