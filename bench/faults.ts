import { runFaults } from "../lib/releases/faults.seed";

/** `npm run bench -- faults [points] [minutes]`: kills in the midst of signing, and looks at what is left. */
export async function runFaultsBench(args: string[]): Promise<void> {
  const points = Number(args[0] ?? 100);
  const minutes = Number(args[1] ?? Number.POSITIVE_INFINITY);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const found = await runFaults(points, say, Date.now() + minutes * 60_000);
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  if (found.wrong.length > 0) process.exitCode = 1;
}
