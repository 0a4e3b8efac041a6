import { z } from "zod";
import { rowId } from "@/app/_row-id";
import { withdrawProposal } from "@/lib/releases/policy-commands";
import { readBody, rest } from "../../../../_rest";

const body = z.strictObject({ reason: z.string().max(2000) });

export const POST = rest(async ({ actor, request, params }) => {
  await withdrawProposal({ actor, input: { proposalId: rowId(params.id), ...(await readBody(request, body)) } });
  return { body: { state: "withdrawn" } };
});
