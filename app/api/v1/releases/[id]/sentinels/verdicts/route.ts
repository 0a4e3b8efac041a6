import { rowId } from "@/app/_row-id";
import { takeSentinelVerdicts } from "@/lib/sentinels/commands";
import { verdictsSchema } from "@/lib/sentinels/schema";
import { readBody, rest } from "../../../../_rest";

/** Twenty thousand verdicts with rationales. */
const limit = 16_000_000;

export const POST = rest(
  async ({ actor, request, params }) => {
    const input = await readBody(request, verdictsSchema, limit);
    const answer = await takeSentinelVerdicts({ actor, input: { ...input, releaseId: rowId(params.id) } });
    return { status: answer.unchanged ? 200 : 201, body: answer };
  },
  { limit },
);
