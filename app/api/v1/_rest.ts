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
    { status, headers: { ...private_, "content-type": "application/problem+json" } },
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

/** Parses a JSON body with a schema; a body that is no JSON, or above the limit, is the caller's fault. */
export async function readBody<T>(request: Request, schema: ZodType<T>, limit = 1_000_000): Promise<T> {
  const text = await request.text();
  if (text.length > limit) throw new Fault("too_large", `The body is larger than ${limit} characters.`);
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new Fault("invalid", "The body is not JSON.");
  }
  return schema.parse(value);
}

/** The answer stored under an Idempotency-Key, or the handler's, stored. Bodies are compared by digest. */
async function once(given: RestRequest, key: string, handler: Handler): Promise<Response> {
  const { actor, request, url } = given;
  const actorKey = `${actor.projectId}:${actor.kind}:${actor.kind === "token" ? actor.tokenId : personOf(actor)}`;
  const text = await request.text();
  const requestDigest = createHash("sha256")
    .update(`${request.method} ${url.pathname}${url.search}\n${text}`)
    .digest("hex");
  const replay = async () => {
    const stored = await db.idempotentAnswer.findUnique({ where: { actorKey_key: { actorKey, key } } });
    if (!stored) return null;
    if (stored.requestDigest !== requestDigest)
      throw new Fault("conflict", "This Idempotency-Key was used for another request.");
    return new Response(stored.body || null, {
      status: stored.status,
      headers: { ...private_, "content-type": "application/json", "idempotency-replayed": "true" },
    });
  };
  const before = await replay();
  if (before) return before;
  const answer = await handler({ ...given, request: new Request(request, { body: text }) });
  const response = answer instanceof Response ? answer : respond(answer);
  const body = await response.clone().text();
  try {
    await db.idempotentAnswer.create({ data: { actorKey, key, requestDigest, status: response.status, body } });
  } catch (error) {
    if (!violates(error)) throw error;
    return (await replay()) ?? response;
  }
  return response;
}

/** Wraps a route handler: bearer token → actor, faults → problems, never cached, Idempotency-Key on writes with a JSON body. */
export function rest(handler: Handler) {
  return async (request: Request, context: { params: Promise<Params> }): Promise<Response> => {
    try {
      const secret = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
      if (!secret) throw new Fault("not_signed_in", "Send a token: Authorization: Bearer …");
      const actor = await tokenActor(secret, crypto.randomUUID());
      if (!actor) throw new Fault("not_signed_in", "This token is unknown, revoked or expired.");
      const params = (await context.params) ?? {};
      const given = { actor, request, url: new URL(request.url), params };
      const key = request.headers.get("idempotency-key");
      if (key && request.headers.get("content-type")?.startsWith("application/json"))
        return await once(given, key.slice(0, 200), handler);
      const answer = await handler(given);
      return answer instanceof Response ? answer : respond(answer);
    } catch (error) {
      return toProblem(error);
    }
  };
}
