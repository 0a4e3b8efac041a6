import { parseArgs } from "node:util";
import { benchBrief } from "./brief";
import { Desk } from "./browser";
import { benchCases } from "./cases";
import { runFaultsBench } from "./faults";
import { benchGrading } from "./grading";
import { benchImport, type Imported, importBundle, searchable } from "./import";
import { runIntervals } from "./intervals";
import { printRows, type Row } from "./report";
import { openWorld, say } from "./world";

/** Measurements with arguments of their own. */
const others: Record<string, (args: string[]) => void | Promise<void>> = {
  intervals: runIntervals,
  faults: runFaultsBench,
};
const parts = ["import", "cases", "grading", "brief"] as const;
const usage = `usage: npm run bench -- [${parts.join("|")}|intervals|faults] [--sizes 10000,50000,200000] [--json]\n`;

/** `npm run bench`: figures, each beside a limit measured in the same run. */
export async function bench(args: string[]): Promise<number> {
  const other = others[args[0] ?? ""];
  if (other) {
    await other(args.slice(1));
    return 0;
  }
  let part: (typeof parts)[number] | undefined;
  let sizes: number[];
  let json: boolean;
  try {
    const options = { json: { type: "boolean" }, sizes: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    part = parts.find((name) => name === positionals[0]);
    sizes = (values.sizes ?? "10000,50000,200000").split(",").map(Number);
    json = values.json ?? false;
    if (positionals.length > 1 || (positionals.length === 1 && !part)) throw new Error();
    if (sizes.some((size) => !Number.isInteger(size) || size < 200 || size > 1_000_000)) throw new Error();
    sizes.sort((a, b) => a - b);
  } catch {
    process.stderr.write(usage);
    return 2;
  }
  let failed = false;
  /** One part that breaks takes no other with it. */
  const attempt = async (what: string, run: () => Promise<Row[]>) => {
    try {
      show(await run());
    } catch (error) {
      failed = true;
      say(`The figures of ${what} could not be taken: ${(error as Error).message}`);
    }
  };
  const wants = (name: (typeof parts)[number]) => part === undefined || part === name;
  const rows: Row[] = [];
  const show = (more: Row[]) => {
    rows.push(...more);
    // Who waits for all of it sees how it goes.
    for (const { name, value, limit, met } of more)
      say(`  ${name}: ${value.toFixed(1)}, limit ${limit.toFixed(1)}${met ? "" : ", not met"}`);
  };
  const world = await openWorld();
  try {
    // The demo's texts are being made searchable.
    await searchable(world);
    const imported: Imported[] = [];
    for (const size of sizes) imported.push(await importBundle(world, size));
    if (wants("import")) await attempt("import", () => benchImport(world, imported, sizes));
    if (wants("cases") || wants("grading")) {
      const desk = await Desk.open(world);
      try {
        if (wants("cases")) await attempt("cases", () => benchCases(world, desk, imported));
        if (wants("grading")) await attempt("grading", () => benchGrading(world, desk, imported));
      } finally {
        await desk.close();
      }
    }
    if (wants("brief")) await attempt("brief", () => benchBrief(world, imported.at(-1)!));
  } finally {
    await world.stop();
  }
  if (json) process.stdout.write(`${JSON.stringify({ rows }, null, 2)}\n`);
  else printRows(rows);
  return failed ? 1 : 0;
}
