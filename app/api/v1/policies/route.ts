import type { z } from "zod";
import { proposePolicy, proposePolicySchema } from "@/lib/releases/policy-commands";
import { listPolicies, policyFacts } from "@/lib/releases/policy-queries";
import { policyWarnings } from "@/lib/releases/policy-warnings";
import { readBody, rest } from "../_rest";

export const GET = rest(async ({ actor }) => {
  const policies = await listPolicies(actor);
  return { body: { policies: policies.map(({ document: _, ...row }) => row) } };
});

/** A proposal, with what stands in its way as the project is now: that refuses nothing. */
export const POST = rest(async ({ actor, request }) => {
  const input = await readBody(request, proposePolicySchema as z.ZodType<z.output<typeof proposePolicySchema>>);
  const { id, digest } = await proposePolicy({ actor, input });
  return { status: 201, body: { id, digest, warnings: policyWarnings(input.document, await policyFacts(actor)) } };
});
