import { rowId } from "@/app/_row-id";
import { exportSentinels, makeSentinels } from "@/lib/sentinels/commands";
import { listSentinels, sentinelCatch } from "@/lib/sentinels/queries";
import { makeSchema } from "@/lib/sentinels/schema";
import { readBody, rest } from "../../../_rest";

/** `?form=cases`: what a judge is given, without what is expected of it. Else all that is known of them. */
export const GET = rest(async ({ actor, request, params }) => {
  const releaseId = rowId(params.id);
  if (new URL(request.url).searchParams.get("form") === "cases") {
    return { body: { sentinels: await exportSentinels(actor, releaseId) } };
  }
  return { body: { sentinels: await listSentinels(actor, releaseId), catch: await sentinelCatch(actor, releaseId) } };
});

export const POST = rest(async ({ actor, request, params }) => {
  const input = await readBody(request, makeSchema);
  return { status: 201, body: await makeSentinels({ actor, input: { ...input, releaseId: rowId(params.id) } }) };
});
