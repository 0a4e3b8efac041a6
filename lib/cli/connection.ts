import { readFileSync } from "node:fs";
import path from "node:path";
import { dataFolder } from "./paths";

/** 0 yes · 1 no (not approved, not verified) · 2 usage or input error · 3 cannot reach. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Ends a command with a message and an exit code. `place` says where in the caller's input the mistake is. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly place: { file?: string; line?: number; field?: string } = {},
  ) {
    super(message);
    this.name = "CliError";
  }
}

export type Connection = { url: string; token: string };

/** From COUNTERSIGN_URL and COUNTERSIGN_TOKEN, else from what `npm start` left in the data folder on this machine. */
export function connection(): Connection {
  const { COUNTERSIGN_URL, COUNTERSIGN_TOKEN } = process.env;
  if (COUNTERSIGN_URL && COUNTERSIGN_TOKEN)
    return { url: COUNTERSIGN_URL.replace(/\/+$/, ""), token: COUNTERSIGN_TOKEN };
  const file = path.join(dataFolder(), "cli.json");
  let local: Partial<Connection>;
  try {
    local = JSON.parse(readFileSync(file, "utf8")) as Partial<Connection>;
  } catch {
    throw new CliError(
      3,
      `No server is known: start one with \`npm start\`, or set COUNTERSIGN_URL and COUNTERSIGN_TOKEN. (There is no ${file}.)`,
    );
  }
  const url = COUNTERSIGN_URL?.replace(/\/+$/, "") || local.url;
  // A token is sent only to the server it belongs to.
  const token = COUNTERSIGN_TOKEN || (url === local.url ? local.token : undefined);
  if (!url || !token) throw new CliError(2, "Set COUNTERSIGN_TOKEN to a token of the server in COUNTERSIGN_URL.");
  return { url, token };
}

type Problem = { title?: string; detail?: string; code?: string; file?: string; line?: number; field?: string };

/**
 * Sends a request to the REST interface and returns the response, whatever its status.
 * @param at below /api/v1, e.g. `/releases/7`
 * @throws CliError 3 when the server cannot be reached
 */
export async function send(
  method: string,
  at: string,
  init: RequestInit & { duplex?: "half" } = {},
): Promise<Response> {
  const { url, token } = connection();
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  headers.set("accept", "application/json");
  try {
    return await fetch(`${url}/api/v1${at}`, { ...init, method, headers });
  } catch (error) {
    const cause = (error as Error).cause as { code?: string; message?: string } | undefined;
    throw new CliError(3, `${url} cannot be reached: ${cause?.code ?? cause?.message ?? (error as Error).message}.`);
  }
}

/**
 * Sends JSON and returns the JSON of the answer; undefined for 204.
 * @throws CliError 2 with the problem's detail (RFC 9457) for 4xx, 3 for 5xx and when the server cannot be reached
 */
export async function request<T>(method: string, at: string, body?: unknown): Promise<T> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return answerOf<T>(await send(method, at, init));
}

export async function answerOf<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) {
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new CliError(3, `The answer of ${new URL(response.url).origin} is not JSON: is it a Countersign server?`);
    }
  }
  let problem: Problem = {};
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    // Something in between answered; its status is all there is to tell.
  }
  const message = problem.detail ?? problem.title ?? `The server answered ${response.status} ${response.statusText}.`;
  const { file, line, field } = problem;
  throw new CliError(response.status >= 500 ? 3 : 2, message, { file, line, field });
}
