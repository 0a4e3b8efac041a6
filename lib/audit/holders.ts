import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { sha256Hex } from "../digest";
import { Fault } from "../errors";
import { dataFolder } from "./key";
import { type Outside, type OutsideNote, outsideFile, outsideText, parseOutside, readOutside } from "./outside";

/**
 * Somebody outside who holds signed checkpoints, beside the file: `COUNTERSIGN_HOLDERS` lists them, separated by spaces.
 *
 * - `https://host/path`: notes are sent by POST as text, in the form of the file; what is held is asked for by GET, where
 *   that is offered. User and password in the address become an Authorization header.
 * - `git+<remote>`, such as `git+ssh://git@host/checkpoints.git`: notes are appended to `checkpoints.txt` and pushed.
 */
export type Holder = {
  /** The address without credentials. */
  name: string;
  /** Null when it holds nothing yet, or can't be asked. */
  read(): Promise<Outside | null>;
  append(notes: readonly OutsideNote[]): Promise<void>;
};

const timeoutMs = 20_000;
const largest = 64 * 2 ** 20;

export function remoteHolders(folder = dataFolder()): Holder[] {
  const given = (process.env.COUNTERSIGN_HOLDERS ?? "").split(/\s+/).filter(Boolean);
  return given.map((address) => {
    if (/^https?:\/\//.test(address)) return overHttp(address);
    if (address.startsWith("git+")) return inGit(address.slice(4), folder);
    throw new Fault("invalid", `COUNTERSIGN_HOLDERS: ${address} is neither http(s):// nor git+<remote>.`);
  });
}

/** What the file and every other holder hold, put together, and who could not be asked. Null: nobody holds anything. */
export async function readHeld(folder = dataFolder()): Promise<{ outside: Outside | null; unreachable: string[] }> {
  const unreachable: string[] = [];
  const remote = await Promise.all(
    remoteHolders(folder).map((holder) =>
      holder.read().catch((error: Error) => {
        unreachable.push(`${holder.name}: ${error.message}`);
        return null;
      }),
    ),
  );
  const found = [readOutside(outsideFile(folder)), ...remote].filter((held) => held !== null);
  if (found.length === 0) return { outside: null, unreachable };
  const notes = new Map(found.flatMap((held) => held.notes.map((entry) => [entry.note, entry] as const)).reverse());
  return { outside: { notes: [...notes.values()].reverse(), unread: found.some(({ unread }) => unread) }, unreachable };
}

function withoutCredentials(address: string): string {
  return address.replace(/^([a-z+]+:\/\/)[^/@]*@/, "$1");
}

function overHttp(address: string): Holder {
  const url = new URL(address);
  const headers: Record<string, string> = { "content-type": "text/plain; charset=utf-8", accept: "text/plain" };
  if (url.username)
    headers.authorization = `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64")}`;
  url.username = "";
  url.password = "";
  const ask = async (method: "GET" | "POST", body?: string): Promise<Response> => {
    try {
      return await fetch(url, { method, body, headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string } };
      throw new Error(cause?.code ?? message);
    }
  };
  return {
    name: url.href,
    async read() {
      const answer = await ask("GET");
      // One that only takes notes.
      if ([404, 405, 501].includes(answer.status)) return null;
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
      if (Number(answer.headers.get("content-length") ?? 0) > largest) throw new Error("it holds more than 64 MiB");
      return parseOutside(await answer.text());
    },
    async append(notes) {
      const answer = await ask("POST", notes.map(outsideText).join(""));
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    },
  };
}

const run = promisify(execFile);

function inGit(remote: string, folder: string): Holder {
  const clone = path.join(folder, "holders", sha256Hex(remote).slice(0, 16));
  const file = path.join(clone, "checkpoints.txt");
  const git = async (...args: string[]) => {
    const env = {
      ...process.env,
      GIT_TERMINAL_PROMPT: "0",
      GIT_SSH_COMMAND: process.env.GIT_SSH_COMMAND ?? "ssh -oBatchMode=yes",
    };
    try {
      const who = [
        "-c",
        "user.name=Countersign",
        "-c",
        "user.email=countersign@localhost",
        "-c",
        "commit.gpgsign=false",
      ];
      return (await run("git", [...who, "-C", clone, ...args], { env, timeout: timeoutMs })).stdout;
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      throw new Error(`git ${args[0]}: ${withoutCredentials((stderr?.trim() || message).split("\n").at(-1)!)}`);
    }
  };
  /** Brings the copy to what the remote holds; false when that is nothing yet. */
  const update = async (): Promise<boolean> => {
    mkdirSync(clone, { recursive: true });
    if (!existsSync(path.join(clone, ".git"))) await git("init", "--quiet", "--initial-branch=main");
    if ((await git("ls-remote", "--heads", remote, "main")).trim() === "") {
      await git("checkout", "--quiet", "--orphan", `empty-${Date.now()}`);
      return false;
    }
    await git("fetch", "--quiet", "--depth=1", remote, "main");
    await git("checkout", "--quiet", "--force", "-B", "main", "FETCH_HEAD");
    return true;
  };
  return {
    name: `git+${withoutCredentials(remote)}`,
    async read() {
      return (await update()) ? readOutside(file) : null;
    },
    async append(notes) {
      for (let attempt = 1; ; attempt++) {
        await update();
        appendFileSync(file, notes.map(outsideText).join(""));
        await git("add", "checkpoints.txt");
        await git("commit", "--quiet", "-m", "Checkpoints of the audit log");
        try {
          await git("push", "--quiet", remote, "HEAD:refs/heads/main");
          return;
        } catch (error) {
          // Another replica was faster.
          if (attempt === 3) throw error;
        }
      }
    },
  };
}
