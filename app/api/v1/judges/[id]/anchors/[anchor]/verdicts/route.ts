import { rowId } from "@/app/_row-id";
import { anchorVerdictsSchema, takeAnchorVerdicts } from "@/lib/judges/anchors";
import { readBody, rest } from "../../../../../_rest";

/** Ten thousand verdicts with long case keys. */
const limit = 16_000_000;

export const POST = rest(
  async ({ actor, request, params }) => {
    const input = await readBody(request, anchorVerdictsSchema, limit);
    const target = { judgeId: rowId(params.id), anchorId: rowId(params.anchor) };
    const answer = await takeAnchorVerdicts({ actor, ...target, input });
    return { status: answer.unchanged ? 200 : 201, body: answer };
  },
  { limit },
);
