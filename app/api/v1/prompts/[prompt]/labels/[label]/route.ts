import { z } from "zod";
import { Fault } from "@/lib/errors";
import { moveLabel } from "@/lib/prompts/commands";
import { getLabel, type LabelTarget } from "@/lib/prompts/queries";
import { versionKey } from "@/lib/prompts/schema";
import { readBody, rest } from "../../../../_rest";

const body = z.strictObject({ version: versionKey, reason: z.string().optional() });

/** For programs that run the prompt: what the label points to, and what speaks for it. */
export const GET = rest(async ({ actor, request, url, params }) => {
  const acceptsUnapproved = url.searchParams.get("accept") === "unapproved";
  const { everProtected: _, ...found } = await getLabel(actor, params.prompt ?? "", params.label ?? "", {
    acceptsUnapproved,
  });
  const etag = etagOf(found);
  if (names(request.headers.get("if-none-match"), etag)) {
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

/** The version's digest; what was let out at a break-glass has another tag, so that an approval that follows is heard of. */
function etagOf({ digest, standing }: Pick<LabelTarget, "digest" | "standing">): string {
  return standing === "break_glass" ? `"${digest}-break_glass"` : `"${digest}"`;
}

/** RFC 9110, 13.1.2: a list, weakly compared; `*` is any. */
function names(given: string | null, etag: string): boolean {
  if (given === null) return false;
  return given.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
}

function readIfMatch(request: Request): string | undefined {
  const given = request.headers.get("if-match");
  if (given === null) return undefined;
  const digest = /^"([0-9a-f]{64})(?:-break_glass)?"$/.exec(given.trim())?.[1];
  if (!digest) throw new Fault("invalid", "If-Match must be the ETag that GET gave.", { field: "If-Match" });
  return digest;
}
