import { importBundle, tokenOf } from "./support/bundle";
import { expect, rest, server, test } from "./support/test";

type Options = { key?: string; token?: string; body?: unknown };

async function ask(method: string, at: string, { key, token = server().token, body }: Options = {}) {
  const response = await fetch(`${server().url}/api/v1${at}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(key && { "idempotency-key": key }),
      "content-type": "application/json",
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

test("a refusal is a problem with a code, and names the field", async () => {
  const nobody = await ask("GET", "/releases", { token: "" });
  expect(nobody.status).toBe(401);
  expect(nobody.headers.get("content-type")).toContain("application/problem+json");
  expect(nobody.body).toMatchObject({ status: 401, code: "not_signed_in" });
  expect(await ask("GET", "/releases", { token: "cs_nonsense" })).toMatchObject({ status: 401 });
  expect(await ask("POST", "/releases", { body: { prompt: 7 } })).toMatchObject({
    status: 422,
    body: { code: "invalid", field: "prompt" },
  });
  expect(await ask("POST", "/releases", { body: { unknown: "x".repeat(1_100_000) } })).toMatchObject({
    status: 413,
    body: { code: "too_large" },
  });
});

test("what can't be an address of anything is not found or not valid, never a fault of the server", async () => {
  for (const at of [
    "/releases/99999999999",
    "/releases/0",
    "/releases/x",
    "/imports/99999999999",
    "/prompts/none/versions",
  ]) {
    expect((await ask("GET", at)).status, at).toBe(404);
  }
  for (const at of ["/releases?cursor=99999999999", "/gate?prompt=%00&version=x", "/gate", "/audit/entries?from=-1"]) {
    expect((await ask("GET", at)).status, at).toBe(422);
  }
});

test("a viewer's token reads and writes nothing", async () => {
  const token = await tokenOf("vera@demo.example");
  expect((await ask("GET", "/releases", { token })).status).toBe(200);
  const body = { prompt: "support/answers", baseline: "v2", candidate: "v3" };
  expect((await ask("POST", "/releases", { token, body })).status).toBe(403);
  expect((await ask("POST", "/releases/3/draws", { token, body: { size: 1 } })).status).toBe(403);
  expect((await ask("POST", "/releases/3/close", { token })).status).toBe(403);
  expect((await ask("GET", "/releases/3/queue/next", { token })).status).toBe(403);
  expect((await ask("GET", "/audit/entries?from=0", { token })).status).toBe(403);
});

test("the same Idempotency-Key gives the same answer and does nothing twice", async () => {
  await importBundle({ prompt: "rest/once", cases: 40 });
  const { id } = await rest<{ id: number }>("POST", "/releases", {
    prompt: "rest/once",
    baseline: "old",
    candidate: "new",
  });
  const key = crypto.randomUUID();
  const body = { size: 5 };
  const answers = await Promise.all([1, 2, 3].map(() => ask("POST", `/releases/${id}/draws`, { key, body })));
  // Of requests at once, one does it; the others are told to ask again, or get its answer.
  expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThan(0);
  expect(answers.every(({ status }) => status < 300 || status === 409)).toBe(true);
  const again = await ask("POST", `/releases/${id}/draws`, { key, body });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body).toEqual(answers.find(({ status }) => status < 300)?.body);
  expect(await rest("GET", `/releases/${id}`)).toMatchObject({ sampling: { drawn: 5, batches: [{ batch: 1 }] } });
  expect(await ask("POST", `/releases/${id}/draws`, { key, body: { size: 6 } })).toMatchObject({ status: 409 });
  // A refusal keeps no key: what was wrong can be put right under it.
  const retried = crypto.randomUUID();
  expect((await ask("POST", `/releases/${id}/draws`, { key: retried, body: { size: 0 } })).status).toBe(422);
  expect((await ask("POST", `/releases/${id}/draws`, { key: retried, body: { size: 1 } })).status).toBeLessThan(300);
});

test("a secret is given out once, with a key or without", async () => {
  const key = crypto.randomUUID();
  const body = { as: "vera@demo.example", name: "a pipeline" };
  const [first, second] = [await ask("POST", "/tokens", { key, body }), await ask("POST", "/tokens", { key, body })];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(first.body.token).not.toBe(second.body.token);
});
