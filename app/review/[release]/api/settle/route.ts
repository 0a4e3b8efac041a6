import { settleDispute } from "@/lib/review/adjudication";
import { settlementSchema } from "@/lib/review/schema";
import { door } from "../../_door";

export const POST = door(async ({ actor, releaseId, request }) => {
  const input = settlementSchema.parse(await request.json());
  return settleDispute({ actor, input: { ...input, releaseId } });
});
