import { type Command, InvalidArgumentError } from "commander";
import { request } from "../connection";
import { show, table } from "../output";

type Answer = {
  batch: number;
  seed: string | number;
  draws: { case: string; stratum: string | null; probability: number | null }[];
};

function size(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number above 0.");
  return Number(text);
}

export function register(program: Command): void {
  program
    .command("draw")
    .argument("<release>")
    .description("draw cases of a release for people to grade, with recorded probabilities")
    .requiredOption("--size <n>", "how many, beside the must-pass cases", size)
    .option("--seed <seed>", "for drawing the same again (default: random, and recorded)")
    .option("--design <name>", "the sampling design (default: the product's)")
    .action(async (release: string, body: { size: number; seed?: string; design?: string }, command: Command) => {
      const answer = await request<Answer>("POST", `/releases/${encodeURIComponent(release)}/draws`, body);
      const rows = answer.draws.map((draw) => [
        draw.case,
        draw.stratum ?? "hidden",
        draw.probability?.toFixed(4) ?? "hidden",
      ]);
      show(
        command,
        answer,
        `batch ${answer.batch}, seed ${answer.seed}\n${table(["Case", "Stratum", "Probability"], rows)}`,
      );
    });
}
