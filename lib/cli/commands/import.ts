import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { answerOf, CliError, request, send } from "../connection";
import { show, table } from "../output";
import { sourceAt } from "../source";

type State = {
  id: string;
  state: "queued" | "running" | "done" | "failed";
  counts: Record<"versions" | "cases" | "outputs" | "verdicts" | "reviews", number>;
  unchanged: boolean;
  prompt: string | null;
  dataset: string | null;
  error?: { message: string; file?: string; line?: number; field?: string };
};

type Options = { format?: string; prompt?: string; dataset?: string };

export function register(program: Command): void {
  program
    .command("import")
    .argument("<path>", "a bundle (folder, .zip, .tar.gz) or promptfoo results (.json, .jsonl)")
    .description("import versions, cases, outputs, verdicts and reviews: all of it, or nothing")
    .option("--format <format>", "auto, bundle or promptfoo", "auto")
    .option("--prompt <name>", "the prompt's name, for sources that have none")
    .option("--dataset <name>", "the dataset's name, for sources that have none")
    .action(async (given: string, options: Options, command: Command) => {
      const { body, fileName } = sourceAt(given);
      const query = new URLSearchParams({ fileName, format: options.format ?? "auto" });
      if (options.prompt) query.set("prompt", options.prompt);
      if (options.dataset) query.set("dataset", options.dataset);
      const sent = await send("POST", `/imports?${query}`, {
        body: Readable.toWeb(body) as ReadableStream,
        duplex: "half",
        headers: { "content-type": "application/octet-stream" },
      });
      const { id } = await answerOf<{ id: string }>(sent);
      let state = await request<State>("GET", `/imports/${id}`);
      for (
        let pause = 100;
        state.state === "queued" || state.state === "running";
        pause = Math.min(1000, pause * 1.5)
      ) {
        await wait(pause);
        state = await request<State>("GET", `/imports/${id}`);
      }
      if (state.error) {
        const { message, ...place } = state.error;
        throw new CliError(2, message, place);
      }
      const { counts } = state;
      const rows = Object.entries(counts).map(([what, n]) => [what, String(n)]);
      const said = state.unchanged
        ? "Nothing changed: this very source was imported before."
        : `Imported into prompt ${state.prompt} and dataset ${state.dataset}.`;
      show(
        command,
        { id, state: state.state, counts, unchanged: state.unchanged },
        `${said}\n${table(["What", "Rows"], rows)}`,
      );
    });
}
