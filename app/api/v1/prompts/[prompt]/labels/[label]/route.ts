import { z } from "zod";
import { Fault } from "@/lib/errors";
import { moveLabel } from "@/lib/prompts/commands";
import { getLabel } from "@/lib/prompts/queries";
import { versionKey } from "@/lib/prompts/schema";
import { readBody, rest } from "../../../../_rest";

const body = z.strictObject({ version: versionKey, reason: z.string().optional() });

/** The ETag is the digest of the version that the label points to. */
export const GET = rest(async ({ actor, request, params }) => {
  const found = await getLabel(actor, params.prompt ?? "", params.label ?? "");
  const etag = `"${found.digest}"`;
  if (request.headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: { etag, "cache-control": "private, no-store" } });
  }
  return { body: found, headers: { etag } };
});

/** With If-Match, moves only a label that still points to the version with that digest; 409 otherwise. */
export const PUT = rest(async ({ actor, request, params }) => {
  const { version, reason } = await readBody(request, body);
  const moved = await moveLabel({
    actor,
    input: { prompt: params.prompt ?? "", label: params.label ?? "", version, reason, expected: readIfMatch(request) },
  });
  return { body: moved, headers: { etag: `"${moved.digest}"` } };
});

function readIfMatch(request: Request): string | undefined {
  const given = request.headers.get("if-match");
  if (given === null) return undefined;
  const digest = /^"([0-9a-f]{64})"$/.exec(given.trim())?.[1];
  if (!digest) throw new Fault("invalid", "If-Match must be the ETag that GET gave.", { field: "If-Match" });
  return digest;
}
