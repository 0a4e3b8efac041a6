import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { plain } from "./output";
import { cli } from "./program";

let folder: string;
let server: Server;
let url: string;
let answer: { status: number; body: unknown };
let seen: { method?: string; url?: string; token?: string; body: string }[];
let printed: { out: string; error: string };

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "countersign-cli-"));
  seen = [];
  printed = { out: "", error: "" };
  server = createServer(async (request, response) => {
    const token = request.headers.authorization;
    seen.push({ method: request.method, url: request.url, token, body: await readAll(request) });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(path.join(folder, "cli.json"), JSON.stringify({ url, token: "cs_local" }));
  vi.stubEnv("COUNTERSIGN_DATA", folder);
  vi.stubEnv("COUNTERSIGN_URL", "");
  vi.stubEnv("COUNTERSIGN_TOKEN", "");
  for (const [stream, key] of [
    [process.stdout, "out"],
    [process.stderr, "error"],
  ] as const) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed[key] += text;
      return true;
    });
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = undefined;
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const gate = ["gate", "--prompt", "support/reply", "--version", "v 2"];

describe("exit codes", () => {
  it.each([
    ["approved", 0],
    ["refused", 1],
    ["pending", 1],
    ["unknown", 1],
  ])("gate: %s is %i", async (decision, code) => {
    answer = { status: 200, body: { decision, reasons: ["because"] } };
    expect(await cli([...gate, "--json"])).toBe(code);
    expect(JSON.parse(printed.out)).toEqual(answer.body);
    expect(seen[0]).toMatchObject({
      method: "GET",
      url: "/api/v1/gate?prompt=support%2Freply&version=v+2",
      token: "Bearer cs_local",
    });
  });

  it("a mistake in the command is 2, also as JSON", async () => {
    expect(await cli(["gate", "--prompt", "x", "--json"])).toBe(2);
    expect(JSON.parse(printed.out).error.message).toContain("--version");
    expect(await cli(["nonsense"])).toBe(2);
    expect(await cli(["draw", "7", "--size", "many"])).toBe(2);
    expect(seen).toEqual([]);
  });

  it("what the server refuses is 2 with its reason and place", async () => {
    answer = { status: 422, body: { title: "Not valid", detail: "The verdict is unknown.", file: "a.jsonl", line: 3 } };
    expect(await cli(["release", "show", "7"])).toBe(2);
    expect(printed.error).toBe("countersign: a.jsonl, line 3: The verdict is unknown.\n");
    expect(await cli(["release", "show", "7", "--json"])).toBe(2);
    expect(JSON.parse(printed.out).error).toMatchObject({ file: "a.jsonl", line: 3 });
  });

  it("a server that fails, or is none of ours, is 3", async () => {
    answer = { status: 500, body: { detail: "Something went wrong here." } };
    expect(await cli(gate)).toBe(3);
    answer = { status: 200, body: "<html>" };
    expect(await cli(gate)).toBe(3);
  });

  it("no server is 3", async () => {
    server.close();
    expect(await cli(gate)).toBe(3);
    expect(printed.error).toMatch(/cannot be reached: ECONNREFUSED/);
    rmSync(path.join(folder, "cli.json"));
    expect(await cli(gate)).toBe(3);
    expect(printed.error).toMatch(/npm start/);
  });
});

it("sends the local token to no other server", async () => {
  vi.stubEnv("COUNTERSIGN_URL", "http://127.0.0.1:1");
  expect(await cli(gate)).toBe(2);
  expect(printed.error).toMatch(/COUNTERSIGN_TOKEN/);
});

it("lists releases of all pages", async () => {
  const row = (id: number) => ({ id, state: "draft", prompt: "p", baseline: "a", candidate: "b" });
  answer = { status: 200, body: { releases: [row(2)], next: "2" } };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) =>
    Response.json(String(input).includes("cursor=2") ? { releases: [row(1)], next: null } : answer.body),
  );
  expect(await cli(["release", "list", "--json"])).toBe(0);
  expect(JSON.parse(printed.out).map(({ id }: { id: number }) => id)).toEqual([2, 1]);
});

it("shows what a terminal would obey", () => {
  expect(plain("\u001b[2Jgone\nnext\u202e")).toBe("\\u001b[2Jgone⏎next\\u202e");
});
