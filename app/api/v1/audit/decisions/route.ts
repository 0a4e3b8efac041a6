import { listDecisions } from "@/lib/audit/decisions";
import { decisionsSchema } from "@/lib/audit/schema";
import { rest } from "../../_rest";

export const GET = rest(async ({ actor, url }) => {
  const input = decisionsSchema.parse(Object.fromEntries(url.searchParams));
  const decisions = await listDecisions(actor, input);
  return { body: { decisions, next: decisions.length === input.limit ? (decisions.at(-1)?.id ?? null) : null } };
});
