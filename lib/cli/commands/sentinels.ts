import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { Fault } from "../../errors";
import { parseVerdictLines } from "../../sentinels/lines";
import type { Catch, SentinelRow } from "../../sentinels/queries";
import { CliError, request } from "../connection";
import { show } from "../output";

const path = (release: string) => `/releases/${encodeURIComponent(release)}/sentinels`;
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

export function register(program: Command): void {
  const sentinels = program
    .command("sentinels")
    .description("answers known to be bad or good, to see whether a judge notices");

  sentinels
    .command("make")
    .argument("<release>", "its id")
    .requiredOption("--count <n>", "how many", Number)
    .option("--criterion <key>", "default: the primary one")
    .option("--kinds <kinds...>", "default: all that the answers allow")
    .option("--seed <seed>", "the same seed makes the same ones")
    .action(async (release: string, options: Record<string, unknown>, command: Command) => {
      const answer = await request<{ seed: string; made: Record<string, number> }>("POST", path(release), options);
      const parts = Object.entries(answer.made).map(([kind, n]) => `${n} ${kind}`);
      show(command, answer, `Made ${parts.join(", ")} from seed ${answer.seed}.`);
    });

  sentinels
    .command("export")
    .argument("<release>", "its id")
    .requiredOption("--out <file>", "where to write")
    .description("write them as JSONL for judging, without what is expected of them")
    .action(async (release: string, { out }: { out: string }, command: Command) => {
      const { sentinels } = await request<{ sentinels: unknown[] }>("GET", `${path(release)}?form=cases`);
      writeFileSync(out, sentinels.map((line) => `${JSON.stringify(line)}\n`).join(""));
      show(command, { file: out, sentinels: sentinels.length }, `Wrote ${sentinels.length} sentinels to ${out}.`);
    });

  sentinels
    .command("verdicts")
    .argument("<release>", "its id")
    .argument("<file>", 'JSONL: {"sentinel": "…", "judge": "…", "verdict": "pass" | "fail" | "error"} a line')
    .action(async (release: string, file: string, _options: unknown, command: Command) => {
      const answer = await request<{ taken: number; unchanged: boolean }>("POST", `${path(release)}/verdicts`, {
        verdicts: read(file),
      });
      show(
        command,
        answer,
        answer.unchanged ? "Nothing new: these verdicts are known." : `Took ${answer.taken} verdicts.`,
      );
    });

  sentinels
    .command("list")
    .argument("<release>", "its id")
    .action(async (release: string, _options: unknown, command: Command) => {
      const answer = await request<{ sentinels: SentinelRow[]; catch: Catch[] }>("GET", path(release));
      const rates = answer.catch.map(
        ({ judge, number, criterion, kind, caught, n, low, high }) =>
          `${judge} ${number} on ${criterion}, ${kind}: ${caught} of ${n} right (${percent(low)} to ${percent(high)})`,
      );
      show(command, answer, [`${answer.sentinels.length} sentinels`, ...rates].join("\n"));
    });
}

function read(file: string): unknown[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(2, `${file} cannot be read: ${(error as Error).message}`, { file });
  }
  try {
    return parseVerdictLines(text);
  } catch (error) {
    if (error instanceof Fault) throw new CliError(2, error.message, { file, ...error.place });
    throw error;
  }
}
