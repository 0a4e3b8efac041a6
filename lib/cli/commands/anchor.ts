import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { answerOf, CliError, request, send } from "../connection";
import { show } from "../output";

type Take = {
  take: number;
  unchanged: boolean;
  moved: boolean;
  passPass: number;
  passFail: number;
  failPass: number;
  failFail: number;
  error: number;
};

const path = (judge: string, anchor: string) =>
  `/judges/${encodeURIComponent(judge)}/anchors/${encodeURIComponent(anchor)}`;

export function register(program: Command): void {
  const anchor = program.command("anchor").description("answers that a judge is given again, to see whether it moved");

  anchor
    .command("export")
    .argument("<judge>", "its id, as in the address of its page")
    .argument("<anchor>", "the set's id")
    .description("write the set as JSONL, without verdicts, for judging again")
    .requiredOption("--out <file>", "where to write")
    .action(async (judge: string, set: string, { out }: { out: string }, command: Command) => {
      const response = await send("GET", path(judge, set));
      if (!response.ok) await answerOf(response);
      const text = await response.text();
      writeFileSync(out, text);
      const cases = text.split("\n").length - 1;
      show(command, { file: out, cases }, `Wrote ${cases} answers to ${out}.`);
    });

  anchor
    .command("verdicts")
    .argument("<judge>", "its id")
    .argument("<anchor>", "the set's id")
    .argument("<file>", 'JSONL: {"case": "…", "verdict": "pass" | "fail" | "error"} a line')
    .description("deliver the verdicts of the whole set, judged again (exit code 1: the judge moved)")
    .option("--judged-at <time>", "when it was judged, as in 2026-03-01T09:00:00Z (default: now)")
    .action(async (judge: string, set: string, file: string, options: { judgedAt?: string }, command: Command) => {
      const judgedAt = options.judgedAt ?? new Date().toISOString();
      const answer = await request<Take>("POST", `${path(judge, set)}/verdicts`, {
        judgedAt,
        verdicts: readVerdicts(file),
      });
      const { passPass, passFail, failPass, failFail, error, take } = answer;
      const same = passPass + failFail;
      const said = [
        answer.unchanged ? `Nothing changed: this is time ${take}, delivered before.` : `Taken as time ${take}.`,
        `${same} verdicts as before, ${passFail} from pass to fail, ${failPass} from fail to pass, ${error} with an error.`,
        ...(answer.moved ? ["The judge moved."] : []),
      ];
      show(command, answer, said.join("\n"));
      if (answer.moved) process.exitCode = 1;
    });
}

function readVerdicts(file: string): { case: string; verdict: string }[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(2, `${file} cannot be read: ${(error as Error).message}`, { file });
  }
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const place = { file, line: i + 1 };
    let row: { case?: unknown; verdict?: unknown };
    try {
      row = JSON.parse(line) as typeof row;
    } catch {
      throw new CliError(2, "This line is not JSON.", place);
    }
    if (typeof row?.case !== "string" || typeof row.verdict !== "string")
      throw new CliError(2, "A line needs `case` and `verdict`.", place);
    return [{ case: row.case, verdict: row.verdict }];
  });
}
