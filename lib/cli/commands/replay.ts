import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { Fault } from "../../errors";
import { openSource, type Source } from "../../formats/read";
import { Resolver } from "../../formats/resolve";
import { receiveUpload } from "../../formats/upload";
import { type ReplayCase, replay } from "../../releases/replay";
import type { JudgeSays } from "../../stats/strata";
import { CliError } from "../connection";
import { show } from "../output";
import { sourceAt } from "../source";

type Options = {
  criterion: string;
  judge: string;
  truth: string;
  draw: number;
  repeats: number;
  seed: string;
  baseline?: string;
  candidate?: string;
};

function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number above 0.");
  return Number(text);
}

export function register(program: Command): void {
  program
    .command("replay")
    .argument("<bundle>", "labelled data: a bundle (folder, .zip, .tar.gz) with reviews")
    .description("test the intervals on data of your own: draw, grade with known labels, count how often they hold")
    .requiredOption("--criterion <key>", "the criterion")
    .requiredOption("--judge <key>", "the judge whose tally is corrected")
    .requiredOption("--truth <reviewer>", "the reviewer whose labels are taken as true")
    .requiredOption("--draw <n>", "cases to draw each time", atLeastOne)
    .option("--repeats <n>", "how often", atLeastOne, 1000)
    .option("--seed <seed>", "the same seed replays the same", "replay")
    .option("--baseline <version>", "default: the first version of the bundle")
    .option("--candidate <version>", "default: the second version of the bundle")
    .action(async (bundle: string, options: Options, command: Command) => {
      const { cases, unlabelled, baseline, candidate } = await read(bundle, options);
      if (options.draw > cases.length)
        throw new CliError(2, `There are ${cases.length} labelled cases, fewer than --draw ${options.draw}.`);
      const result = { baseline, candidate, unlabelled, ...replay(cases, options) };
      const points = (share: number) => `${(share * 100).toFixed(2)} pt`;
      const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
      show(
        command,
        result,
        [
          `${baseline} → ${candidate}: true delta ${points(result.truth)} over ${result.cases} labelled cases`,
          `${result.repeats} times ${result.draw} cases drawn: bias ${points(result.bias)}`,
          `the ${percent(result.level)} interval holds it in ${percent(result.coverage.fixed)}, mean width ${points(result.width.fixed)}`,
          `from people alone: ${percent(result.coverage.peopleOnly)}, ${points(result.width.peopleOnly)}`,
        ].join("\n"),
      );
    });
}

async function read(bundle: string, options: Options) {
  const { body, fileName } = sourceAt(bundle);
  const folder = await mkdtemp(path.join(tmpdir(), "countersign-replay-"));
  try {
    const upload = await receiveUpload(body, fileName, folder);
    return await labelledCases(await openSource(upload, fileName, "auto"), options);
  } catch (error) {
    if (error instanceof Fault) throw new CliError(2, error.message, error.place);
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Sides<T> = { baseline: T; candidate: T };

/** The cases that the reviewer labelled pass or fail for both versions, with the judge's verdicts. */
async function labelledCases(source: Source, options: Options) {
  const resolver = new Resolver();
  const known = { criterion: false, judge: false, reviewer: false };
  const versions: string[] = [];
  const cases: { key: string; mustPass: boolean }[] = [];
  // By case, then by version.
  const labels: Record<string, boolean>[] = [];
  const verdicts: Record<string, JudgeSays>[] = [];
  for await (const rows of source.rows(() => {})) {
    for (const given of rows) {
      const row = resolver.resolve(given);
      if (row.kind === "version") versions.push(row.key);
      else if (row.kind === "case") {
        cases[row.index] = { key: row.key, mustPass: row.mustPass };
        labels[row.index] = {};
        verdicts[row.index] = {};
      } else if (row.kind === "criterion") known.criterion ||= row.key === options.criterion;
      else if (row.kind === "judge") known.judge ||= row.key === options.judge && row.criterion === options.criterion;
      else if (row.kind === "verdict" && row.judge === options.judge)
        verdicts[row.caseIndex]![row.version] = row.verdict;
      else if (row.kind === "review" && row.reviewer === options.truth && row.criterion === options.criterion) {
        known.reviewer = true;
        if (row.verdict !== "unsure") labels[row.caseIndex]![row.version] = row.verdict === "pass";
      }
    }
  }
  const { baseline = versions[0], candidate = versions[1] } = options;
  if (!known.criterion) throw new CliError(2, `There is no criterion “${options.criterion}” in this source.`);
  if (!known.judge)
    throw new CliError(2, `There is no judge “${options.judge}” of “${options.criterion}” in this source.`);
  if (!known.reviewer) throw new CliError(2, `“${options.truth}” reviewed nothing on “${options.criterion}”.`);
  if (!baseline || !candidate) throw new CliError(2, "The source needs two versions to compare.");
  for (const version of [baseline, candidate]) {
    if (!versions.includes(version)) throw new CliError(2, `There is no version “${version}” in this source.`);
  }
  const sides = <T>(of: Record<string, T> | undefined, otherwise: T): Sides<T> => ({
    baseline: of?.[baseline] ?? otherwise,
    candidate: of?.[candidate] ?? otherwise,
  });
  const labelled = cases.flatMap((item, index): ReplayCase[] => {
    const truth = labels[index];
    if (truth?.[baseline] === undefined || truth[candidate] === undefined) return [];
    return [{ ...item, pass: sides(truth, false), judged: sides<JudgeSays>(verdicts[index], "error") }];
  });
  if (labelled.length === 0) throw new CliError(2, `“${options.truth}” labelled no case for both versions.`);
  return { cases: labelled, unlabelled: cases.length - labelled.length, baseline, candidate };
}
