import { rowId } from "@/app/_row-id";
import { strikeSentinel } from "@/lib/sentinels/commands";
import { strikeSchema } from "@/lib/sentinels/schema";
import { readBody, rest } from "../../../../../_rest";

export const POST = rest(async ({ actor, request, params }) => {
  const { reason } = await readBody(request, strikeSchema);
  const input = { releaseId: rowId(params.id), sentinelId: rowId(params.sentinel), reason };
  await strikeSentinel({ actor, input });
  return { status: 204 };
});
