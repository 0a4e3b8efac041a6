import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import * as anchor from "./commands/anchor";
import * as backup from "./commands/backup";
import * as dev from "./commands/dev";
import * as doctor from "./commands/doctor";
import * as draw from "./commands/draw";
import * as exporting from "./commands/export";
import * as gate from "./commands/gate";
import * as importCommand from "./commands/import";
import * as key from "./commands/key";
import * as log from "./commands/log";
import * as prompt from "./commands/prompt";
import * as release from "./commands/release";
import * as replay from "./commands/replay";
import * as restore from "./commands/restore";
import * as sentinels from "./commands/sentinels";
import * as token from "./commands/token";
import * as user from "./commands/user";
import * as verify from "./commands/verify";
import { CliError, type ExitCode } from "./connection";

const commands = [
  importCommand,
  prompt,
  release,
  draw,
  anchor,
  sentinels,
  gate,
  verify,
  replay,
  exporting,
  backup,
  restore,
  user,
  token,
  doctor,
  key,
  log,
  dev,
];

/** The command line. Returns the exit code: 0 yes, 1 no, 2 usage or input error, 3 cannot reach. */
export async function cli(args: string[]): Promise<ExitCode> {
  const program = new Command("countersign")
    .description("People countersign what an LLM judge says before a prompt ships.")
    .version(version, "-V")
    .option("--json", "print one JSON document")
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit codes: 0 yes · 1 no (not approved, not verified) · 2 usage or input error · 3 cannot reach.",
    )
    .exitOverride();
  for (const { register } of commands) register(program);
  const json = args.includes("--json");
  try {
    await program.parseAsync(args, { from: "user" });
    return (process.exitCode as ExitCode | undefined) ?? 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (json && error.exitCode !== 0) tell({ error: { message: error.message.replace(/^error: /, "") } });
      return error.exitCode === 0 ? 0 : 2;
    }
    if (!(error instanceof CliError)) {
      // A fault of ours is no "no": nobody must read it as one.
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      return 3;
    }
    const { file, line, field } = error.place;
    const where = [file, line === undefined ? "" : `line ${line}`, field].filter(Boolean).join(", ");
    if (json) tell({ error: { message: error.message, file, line, field } });
    else
      process.stderr.write(
        `countersign: ${where && !error.message.includes(where) ? `${where}: ` : ""}${error.message}\n`,
      );
    return error.exitCode;
  }
}

function tell(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
}
