import { z } from "zod";
import { listPrompts } from "@/lib/prompts/queries";
import { rest } from "../_rest";

const query = z.object({
  /** The `next` of the page before. */
  cursor: z.string().max(300).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});

export const GET = rest(async ({ actor, url }) => {
  const { cursor, limit } = query.parse(Object.fromEntries(url.searchParams));
  return { body: await listPrompts(actor, { after: cursor, limit }) };
});
