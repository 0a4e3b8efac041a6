import { createWriteStream, existsSync, rmSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { answerOf, CliError, send } from "../connection";
import { show, wantsJson } from "../output";

type Options = { latest?: boolean; out?: string };

export function register(program: Command): void {
  const group = program.command("export").description("take records out of the server");
  registerProject(group);
  group
    .command("decision")
    .argument("[id]", "the decision, as in /audit/decisions/<id>")
    .description(
      "one decision with its evidence, signatures and proofs, as a zip archive that `countersign verify` checks offline",
    )
    .option("--latest", "the newest decision of the project")
    .option("--out <file>", "where to write it; without it, standard output")
    .action(async (id: string | undefined, { latest, out }: Options, command: Command) => {
      if ((id === undefined) === !latest) throw new CliError(2, "Name one decision, or give --latest.");
      if (id !== undefined && !/^\d{1,10}$/.test(id))
        throw new CliError(2, `A decision's id is a number, not "${id}".`);
      if (!out && (wantsJson(command) || process.stdout.isTTY))
        throw new CliError(2, "Give --out FILE: a decision is a zip archive.");
      const response = await send("GET", `/audit/decisions/${id ?? "latest"}`);
      if (!response.ok) await answerOf(response);
      // The bytes as they come: any other spelling of them would no longer verify.
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!out) {
        process.stdout.write(bytes);
        return;
      }
      try {
        writeFileSync(out, bytes);
      } catch (error) {
        throw new CliError(2, `${out} can't be written: ${(error as Error).message}.`);
      }
      show(
        command,
        { file: out, bytes: bytes.length },
        `Wrote ${out} (${bytes.length} bytes). Check it: countersign verify ${out}`,
      );
    });
}

function registerProject(group: Command): void {
  group
    .command("project")
    .description(
      "everything of the token's project as JSON lines in a .tar.gz, removed content as removed; administrators only",
    )
    .requiredOption("--out <file>", "where to write it; a file that is there is not overwritten")
    .action(async ({ out }: { out: string }, command: Command) => {
      if (existsSync(out)) throw new CliError(2, `${out} is there already. Name a new file.`);
      const response = await send("GET", "/project/export");
      if (!response.ok || !response.body) await answerOf(response);
      const file = createWriteStream(out, { mode: 0o600 });
      try {
        await pipeline(Readable.fromWeb(response.body as never), file);
      } catch (error) {
        rmSync(out, { force: true });
        throw new CliError(3, `The export broke off, and ${out} was not written: ${(error as Error).message}.`);
      }
      show(
        command,
        { file: out, bytes: file.bytesWritten },
        `Wrote ${out} (${file.bytesWritten} bytes). Keep it safe: it holds all content of the project.`,
      );
    });
}
