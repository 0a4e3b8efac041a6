import { rowId } from "@/app/_row-id";
import { createAnchor, createAnchorSchema, listAnchors } from "@/lib/judges/anchors";
import { readBody, rest } from "../../../_rest";

export const GET = rest(async ({ actor, params }) => ({ body: await listAnchors(actor, rowId(params.id)) }));

export const POST = rest(async ({ actor, request, params }) => {
  const input = await readBody(request, createAnchorSchema);
  return { status: 201, body: await createAnchor({ actor, judgeId: rowId(params.id), input }) };
});
