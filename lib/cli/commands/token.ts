import type { Command } from "commander";
import { request } from "../connection";
import { show } from "../output";

type Options = { as?: string; name: string; days?: string };

export function register(program: Command): void {
  const token = program.command("token").description("tokens for pipelines and agents");

  token
    .command("create")
    .description("a personal token; it acts with that person's roles and is shown once")
    .option("--as <e-mail>", "whose it is (default: the person whose token you use)")
    .option("--name <name>", "what it is for", "command line")
    .option("--days <n>", "how long it is good for")
    .action(async ({ as, name, days }: Options, command: Command) => {
      const body = { as, name, days: days === undefined ? undefined : Number(days) };
      const answer = await request<{ token: string }>("POST", "/tokens", body);
      show(command, answer, answer.token);
    });
}
