import type { Command } from "commander";
import { request } from "../connection";
import { plain, show } from "../output";

type Gate = {
  decision: "approved" | "refused" | "pending" | "unknown";
  release?: string | number;
  reasons: (string | { detail?: string })[];
};

export function register(program: Command): void {
  program
    .command("gate")
    .description("may this version ship? Exit code 0 when a release approved it, 1 otherwise")
    .requiredOption("--prompt <name>", "the prompt")
    .requiredOption("--version <key>", "the version")
    .action(async ({ prompt, version }: { prompt: string; version: string }, command: Command) => {
      const answer = await request<Gate>("GET", `/gate?${new URLSearchParams({ prompt, version })}`);
      const reasons = answer.reasons.map(
        (reason) => `  ${plain(typeof reason === "string" ? reason : (reason.detail ?? ""))}`,
      );
      const release = answer.release === undefined ? "" : ` (release ${answer.release})`;
      show(
        command,
        answer,
        [`${answer.decision}: ${plain(prompt)} ${plain(version)}${release}`, ...reasons].join("\n"),
      );
      process.exitCode = answer.decision === "approved" ? 0 : 1;
    });
}
