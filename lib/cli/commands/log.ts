import type { Command } from "commander";
import { outsideFile } from "../../audit/outside";
import { resumeLog } from "../../audit/resume";
import { CliError } from "../connection";
import { plain, show } from "../output";
import { withOwnDatabase } from "../own-database";
import { dataFolder } from "../paths";

type Options = { by: string; reason: string; size?: string; checkpoints?: string };

export function register(program: Command): void {
  program
    .command("log")
    .description("the audit log")
    .command("resume")
    .description(
      "go on after an older state was restored than was signed, on record; run it on the server's machine, while the server runs",
    )
    .requiredOption("--by <name>", "who decided it")
    .requiredOption("--reason <text>", "what happened, and why there is nothing newer")
    .option("--size <n>", "how many entries were restored, if some were written since; default: all there are")
    .option("--checkpoints <file>", "checkpoints held outside; default: all that this installation knows")
    .action(async ({ size, ...given }: Options, command: Command) => {
      const folder = dataFolder();
      if (size !== undefined && !/^[1-9]\d{0,9}$/.test(size))
        throw new CliError(2, "--size takes a number of entries.");
      await withOwnDatabase(folder, async () => {
        const done = await resumeLog({ ...given, folder, size: size === undefined ? undefined : Number(size) });
        const { index, known, covered, aside, signed } = done;
        const words = [
          `Entry ${index} says that the log was restored to ${done.size} of ${known.size} entries (root ${known.root}).`,
          covered === null
            ? "No checkpoint held outside is as small as what is left: that it is the beginning of that log rests on the database alone."
            : `What is left fits the checkpoint held outside over ${covered} entries.`,
          ...(aside === null
            ? []
            : [`The earlier checkpoints are in ${plain(aside)}: keep them, and show them to whoever asks.`]),
          signed.state === "signed"
            ? `The log is signed again, up to ${signed.size} entries, in ${plain(outsideFile(folder))}.`
            : `No checkpoint is signed yet${signed.state === "refused" ? `: ${signed.reason}. Give COUNTERSIGN_HOLDERS a new place` : ""}.`,
        ];
        show(command, done, words.join("\n"));
        process.exitCode = signed.state === "signed" ? 0 : 1;
      });
    });
}
