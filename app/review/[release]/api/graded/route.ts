import { myFlips } from "@/lib/review/flips";
import { listGraded } from "@/lib/review/queries";
import { door } from "../../_door";

/** What this person graded, the latest first, and how often they changed their mind once the judge's word was shown. */
export const GET = door(async ({ actor, releaseId }) => {
  const [rows, flips] = await Promise.all([listGraded(actor, releaseId), myFlips(actor, releaseId)]);
  return { rows, flips };
});
