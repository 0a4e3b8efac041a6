import type { Command } from "commander";
import { connection, request } from "../connection";
import { show, table } from "../output";

type User = { email: string; name: string; roles: string[] };

export function register(program: Command): void {
  const user = program.command("user").description("people of the project");

  user
    .command("list")
    .description("e-mail, name and roles of everybody")
    .action(async (_options: object, command: Command) => {
      const users = await request<User[]>("GET", "/users");
      const rows = users.map(({ email, name, roles }) => [email, name, roles.join(", ").replaceAll("_", " ")]);
      show(command, users, table(["E-mail", "Name", "Roles"], rows));
    });

  user
    .command("link")
    .argument("<email>")
    .description("a link that signs this person in once, within a day")
    .action(async (email: string, _options: object, command: Command) => {
      const answer = await request<{ path: string }>("POST", `/users/${encodeURIComponent(email)}/links`, {});
      const url = `${connection().url}${answer.path}`;
      show(command, { email, url }, url);
    });
}
