import { rowId } from "@/app/_row-id";
import { approvePolicy } from "@/lib/releases/policy-commands";
import { rest } from "../../../../_rest";

/** People approve in the browser only. This door exists so that an attempt with a token is refused in words, and recorded. */
export const POST = rest(async ({ actor, params }) => ({
  body: await approvePolicy({ actor, input: { proposalId: rowId(params.id), digest: "0".repeat(64) }, proof: null }),
}));
