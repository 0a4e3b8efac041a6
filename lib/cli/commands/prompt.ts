import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { CliError, request } from "../connection";
import { diffLines } from "../lines";
import { plain, show, table, wantsJson } from "../output";

type Label = { name: string; protected: boolean; version?: string };
type Prompt = { name: string; versions: number; newest: string | null; labels: Label[] };
type Version = { key: string; number: number; message: string | null; author: string | null; labels: Label[] };
type Message = { role: string; content?: unknown };
type Content = { messages: Message[] } & Record<string, unknown>;
type VersionDetail = Version & { digest: string; content: Content | null };
type Served = { version: string; digest: string; content: Content | null; standing: string };
type Pull = { label?: string; out?: string };
type Pushed = { version: string; number: number; digest: string; unchanged: boolean };

const at = (prompt: string) => `/prompts/${encodeURIComponent(prompt)}`;

export function register(program: Command): void {
  const prompt = program.command("prompt").description("prompts and their versions");

  prompt
    .command("list")
    .argument("[prompt]", "list the versions of this one")
    .description("prompts, or the versions of one, with their labels")
    .action(async (name: string | undefined, _options: object, command: Command) => {
      if (name === undefined) {
        const prompts = await pages<Prompt>("/prompts", "prompts");
        const rows = prompts.map(({ name, versions, newest, labels }) => [
          name,
          String(versions),
          newest ?? "",
          labelsOf(labels),
        ]);
        show(command, prompts, table(["Prompt", "Versions", "Newest", "Labels"], rows));
        return;
      }
      const versions = await pages<Version>(`${at(name)}/versions`, "versions");
      const rows = versions.map(({ key, author, message, labels }) => [
        key,
        author ?? "",
        message ?? "",
        labelsOf(labels),
      ]);
      show(command, versions, table(["Version", "Author", "Message", "Labels"], rows));
    });

  prompt
    .command("push")
    .argument("<prompt>")
    .argument(
      "<file>",
      'JSON: {"messages": [{"role", "content"}], "parameters"?, "tools"?, "model"?}; - for standard input',
    )
    .description("add a version; the same content again changes nothing")
    .option("--key <key>", "what it is called (default: v and its number)")
    .option("--message <text>", "what changed, and why")
    .option("--parent <version>", "the version it was made from")
    .option("--author <name>", "who wrote it (default: you)")
    .action(async (name: string, file: string, options: Record<string, string>, command: Command) => {
      const pushed = await request<Pushed>("POST", `${at(name)}/versions`, { ...options, content: readContent(file) });
      const what = pushed.unchanged ? "is there already" : "added";
      show(command, pushed, `${plain(name)} ${plain(pushed.version)}: ${what} (${pushed.digest.slice(0, 12)})`);
    });

  prompt
    .command("pull")
    .argument("<prompt>")
    .argument("[version]", "a version, or a label after @: @production")
    .description("the content of a version, as `prompt push` takes it")
    .option(
      "--label <label>",
      "what this label points to; never an unapproved version of a label that is or was protected",
    )
    .option("--out <file>", "where to write it; without it, standard output")
    .action(async (name: string, given: string | undefined, options: Pull, command: Command) => {
      if ((given === undefined) === (options.label === undefined))
        throw new CliError(2, "Name a version, or a label with --label.");
      const { out } = options;
      const { key, digest, content } = await pull(name, given ?? `@${options.label}`);
      const text = `${JSON.stringify(content, null, 2)}\n`;
      if (!out) {
        process.stdout.write(text);
        return;
      }
      try {
        writeFileSync(out, text);
      } catch (error) {
        throw new CliError(2, (error as Error).message);
      }
      show(command, { prompt: name, version: key, digest, file: out }, `${plain(name)} ${plain(key)} → ${out}`);
    });

  prompt
    .command("diff")
    .argument("<prompt>")
    .argument("<before>", "a version, or a label after @")
    .argument("<after>", "a version, or a label after @")
    .description("what changed between two versions, line by line")
    .action(async (name: string, before: string, after: string, _options: object, command: Command) => {
      const [left, right] = [await pull(name, before), await pull(name, after)];
      const lines = diffLines(linesOf(left.content), linesOf(right.content));
      const sign = { same: " ", removed: "-", added: "+" };
      const text = lines.map(({ kind, text }) => `${sign[kind]} ${plain(text)}`).join("\n");
      const head = `--- ${plain(name)} ${plain(left.key)}\n+++ ${plain(name)} ${plain(right.key)}\n`;
      if (wantsJson(command)) show(command, { prompt: name, before: left.key, after: right.key, lines }, "");
      else show(command, lines, lines.every(({ kind }) => kind === "same") ? "No difference." : head + text);
    });
}

/** All of a list that comes in pages. */
async function pages<Row>(path: string, field: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    type Page = { [field: string]: Row[] } & { next: string | null };
    const page: Page = await request<Page>(
      "GET",
      `${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    rows.push(...(page[field] ?? []));
    cursor = page.next;
  }
  return rows;
}

async function pull(prompt: string, given: string): Promise<{ key: string; digest: string; content: Content }> {
  const found = given.startsWith("@") ? await labelled(prompt, given.slice(1)) : await versionOf(prompt, given);
  const { key, digest, content } = found;
  if (!content)
    throw new CliError(2, `The text of ${prompt} ${key} is not known here: only its results were imported.`);
  return { key, digest, content };
}

function versionOf(prompt: string, key: string): Promise<VersionDetail> {
  return request<VersionDetail>("GET", `${at(prompt)}/versions/${encodeURIComponent(key)}`);
}

/** Version and content in one answer, so that a move in between can't pair one's name with the other's text. */
async function labelled(prompt: string, label: string) {
  const found = await request<Served>("GET", `${at(prompt)}/labels/${encodeURIComponent(label)}`);
  if (found.standing === "break_glass")
    process.stderr.write(
      `${plain(label)} was moved to ${plain(found.version)} at a break-glass: nobody approved it.\n`,
    );
  return { key: found.version, digest: found.digest, content: found.content };
}

function readContent(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CliError(2, (error as Error).message);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(2, `${file} is not JSON: ${(error as Error).message}`, { file });
  }
}

/** Messages as people read them, then whatever else the version holds, one line a setting. */
function linesOf({ messages, ...rest }: Content): string[] {
  const spoken = messages.flatMap(({ role, content, ...more }) => {
    const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
    const extra = Object.keys(more).length > 0 ? JSON.stringify(more, null, 2).split("\n") : [];
    return [`[${role}]`, ...(text ?? "").split("\n"), ...extra];
  });
  return [
    ...spoken,
    ...Object.entries(rest).flatMap(([key, value]) => `${key}: ${JSON.stringify(value, null, 2)}`.split("\n")),
  ];
}

function labelsOf(labels: Label[]): string {
  return labels.map(({ name, version }) => (version === undefined ? name : `${name} → ${version}`)).join(", ");
}
