import { z } from "zod";
import { pushVersion } from "@/lib/prompts/commands";
import { getPrompt } from "@/lib/prompts/queries";
import { maxContentLength, pushVersionSchema } from "@/lib/prompts/schema";
import { readBody, rest } from "../../../_rest";

const query = z.object({
  /** The `next` of the page before. */
  cursor: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});

export const GET = rest(async ({ actor, url, params }) => {
  const { cursor, limit } = query.parse(Object.fromEntries(url.searchParams));
  const { name, versions, next } = await getPrompt(actor, params.prompt ?? "", { before: cursor, limit });
  return { body: { prompt: name, versions, next: next === null ? null : String(next) } };
});

const body = pushVersionSchema.omit({ prompt: true });

// Escapes and white space may make the body larger than the content it brings.
const largestBody = 2 * maxContentLength;

/** 201 for a new version, 200 when the prompt has this very content already. */
export const POST = rest(
  async ({ actor, request, params }) => {
    const given = await readBody(request, body, largestBody);
    const pushed = await pushVersion({ actor, input: { ...given, prompt: params.prompt ?? "" } });
    return { status: pushed.unchanged ? 200 : 201, body: pushed };
  },
  { limit: largestBody },
);
