import { nextDispute } from "@/lib/review/adjudication";
import { inParts } from "@/lib/review/queries";
import { door } from "../../../_door";

export const POST = door(async ({ actor, releaseId }) => {
  const dispute = await nextDispute(actor, releaseId);
  return dispute && inParts(dispute);
});
