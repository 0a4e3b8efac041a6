import { runFaultsBench } from "./faults";
import { runIntervals } from "./intervals";

/** What `npm run bench -- <name>` knows. */
const benches: Record<string, (args: string[]) => void | Promise<void>> = {
  intervals: runIntervals,
  faults: runFaultsBench,
};

export async function bench([name, ...args]: string[]): Promise<number> {
  const run = name === undefined ? undefined : benches[name];
  if (!run) {
    process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join("|")}\n`);
    return 2;
  }
  await run(args);
  return 0;
}
