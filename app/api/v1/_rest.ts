import { createHash } from "node:crypto";
import { ZodError, type ZodType } from "zod";
import { type Actor, personOf } from "@/lib/auth/actor";
import { tokenActor } from "@/lib/auth/tokens";
import { db } from "@/lib/db/client";
import { violates } from "@/lib/db/transaction";
import { Fault, type FaultCode, httpStatus } from "@/lib/errors";

type Params = Record<string, string>;
export type RestRequest = { actor: Actor; request: Request; url: URL; params: Params };
type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };
type Handler = (given: RestRequest) => Promise<Answer | Response>;

const titles: Record<FaultCode, string> = {
  not_signed_in: "Not signed in",
  forbidden: "Not allowed",
  not_found: "Not found",
  invalid: "Not valid",
  conflict: "Conflict",
  too_large: "Too large",
  rate_limited: "Too many attempts",
};

const private_ = { "cache-control": "private, no-store" };

/** RFC 9457 problem. `type` is about:blank with the code beside it, as section 4.2.1 allows. */
function problem(code: FaultCode, detail: string, place: object = {}): Response {
  const status = httpStatus[code];
  return Response.json(
    { type: "about:blank", title: titles[code], status, code, detail, ...place },
    {
      status,
      headers: {
        ...private_,
        "content-type": "application/problem+json",
        // The rest of the body was not read: the connection is of no more use.
        ...(code === "too_large" && { connection: "close" }),
      },
    },
  );
}

function toProblem(error: unknown): Response {
  if (error instanceof Fault) return problem(error.code, error.message, error.place);
  if (error instanceof ZodError) {
    const issue = error.issues[0];
    const field = issue?.path.join(".");
    return problem("invalid", issue ? `${field || "The body"}: ${issue.message}` : "Not valid.", { field });
  }
  console.error(error);
  return Response.json(
    {
      type: "about:blank",
      title: "Something went wrong here",
      status: 500,
      detail: "Nothing was changed. The server's log has the cause.",
    },
    { status: 500, headers: { ...private_, "content-type": "application/problem+json" } },
  );
}

function respond({ status = 200, body, headers = {} }: Answer): Response {
  if (status === 204 || body === undefined) return new Response(null, { status, headers: { ...private_, ...headers } });
  return Response.json(body, { status, headers: { ...private_, ...headers } });
}

/** The body as text, given up as soon as it is longer than `limit` bytes. */
async function readText(request: Request, limit: number): Promise<string> {
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) throw new Fault("too_large", `The body is larger than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const largestBody = 1_000_000;

/** Parses a JSON body with a schema; a body that is no JSON, or above the limit (bytes), is the caller's fault. */
export async function readBody<T>(request: Request, schema: ZodType<T>, limit = largestBody): Promise<T> {
  const text = await readText(request, limit);
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new Fault("invalid", "The body is not JSON.");
  }
  return schema.parse(value);
}

const underWay = 0;
const abandonedMs = 10 * 60_000;
const keptMs = 24 * 60 * 60_000;

/**
 * The answer stored under an Idempotency-Key, or the handler's, stored. The key is taken before the handler runs, so of
 * two equal requests at once one is told to ask again. Requests are compared by digest; answers are kept for a day.
 */
async function once(given: RestRequest, key: string, limit: number, handler: Handler): Promise<Response> {
  const { actor, request, url } = given;
  const actorKey = `${actor.projectId}:${actor.kind}:${actor.kind === "token" ? actor.tokenId : personOf(actor)}`;
  const text = await readText(request, limit);
  const requestDigest = createHash("sha256")
    .update(`${request.method} ${url.pathname}${url.search}\n${text}`)
    .digest("hex");
  const where = { actorKey_key: { actorKey, key } };
  await db.idempotentAnswer.deleteMany({ where: { createdAt: { lt: new Date(Date.now() - keptMs) } } });
  await db.idempotentAnswer.deleteMany({
    where: { actorKey, key, status: underWay, createdAt: { lt: new Date(Date.now() - abandonedMs) } },
  });
  try {
    await db.idempotentAnswer.create({ data: { actorKey, key, requestDigest, status: underWay, body: "" } });
  } catch (error) {
    if (!violates(error)) throw error;
    const stored = await db.idempotentAnswer.findUnique({ where });
    if (stored && stored.requestDigest !== requestDigest)
      throw new Fault("conflict", "This Idempotency-Key was used for another request.");
    if (!stored || stored.status === underWay)
      throw new Fault("conflict", "The request with this Idempotency-Key is under way. Ask again in a moment.");
    return new Response(stored.body || null, {
      status: stored.status,
      headers: { ...private_, "content-type": "application/json", "idempotency-replayed": "true" },
    });
  }
  try {
    const again = new Request(url, { method: request.method, headers: request.headers, body: text });
    const answer = await handler({ ...given, request: again });
    const response = answer instanceof Response ? answer : respond(answer);
    await db.idempotentAnswer.update({
      where,
      data: { status: response.status, body: await response.clone().text() },
    });
    return response;
  } catch (error) {
    // Nothing was done, so the same key may try again.
    await db.idempotentAnswer.deleteMany({ where: { actorKey, key, status: underWay } });
    throw error;
  }
}

type Options = {
  /** False where the answer holds a secret, which must be kept nowhere. */
  replays?: boolean;
  /** Bytes of a JSON body. */
  limit?: number;
};

/** Wraps a route handler: bearer token → actor, faults → problems, never cached, Idempotency-Key on writes with a JSON body. */
export function rest(handler: Handler, { replays = true, limit = largestBody }: Options = {}) {
  return async (request: Request, context: { params: Promise<Params> }): Promise<Response> => {
    try {
      const secret = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
      if (!secret) throw new Fault("not_signed_in", "Send a token: Authorization: Bearer …");
      const actor = await tokenActor(secret, crypto.randomUUID());
      if (!actor) throw new Fault("not_signed_in", "This token is unknown, revoked or expired.");
      if (/%00/.test(request.url)) throw new Fault("invalid", "The address holds a NUL character.");
      const params = (await context.params) ?? {};
      const given = { actor, request, url: new URL(request.url), params };
      const key = request.headers.get("idempotency-key");
      if (key && replays && request.method !== "GET") return await once(given, key.slice(0, 200), limit, handler);
      const answer = await handler(given);
      return answer instanceof Response ? answer : respond(answer);
    } catch (error) {
      return toProblem(error);
    }
  };
}
