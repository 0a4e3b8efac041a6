import { z } from "zod";
import { createRelease } from "@/lib/releases/commands";
import { listReleases } from "@/lib/releases/queries";
import { createReleaseSchema } from "@/lib/releases/schema";
import { readBody, rest } from "../_rest";

const states = ["draft", "grading", "ready", "approved", "refused", "withdrawn"] as const;
const query = z.object({
  state: z.enum(states).optional(),
  /** The `next` of the page before. */
  cursor: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const GET = rest(async ({ actor, url }) => {
  const { state, cursor, limit } = query.parse(Object.fromEntries(url.searchParams));
  const releases = await listReleases(actor, { state, before: cursor, limit });
  return { body: { releases, next: releases.length === limit ? String(releases.at(-1)?.id) : null } };
});

export const POST = rest(async ({ actor, request }) => ({
  status: 201,
  body: await createRelease({ actor, input: await readBody(request, createReleaseSchema) }),
}));
