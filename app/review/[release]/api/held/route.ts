import { z } from "zod";
import { renewLeases } from "@/lib/review/leases";
import { reviewProgress } from "@/lib/review/queries";
import { door } from "../../_door";

/** The cases in this browser: renews their leases, tells which are still this person's, and how far the work is. */
export const POST = door(async ({ actor, releaseId, request }) => {
  const { tasks } = z.object({ tasks: z.array(z.string().max(100)).max(50) }).parse(await request.json());
  const leases = await renewLeases(actor, releaseId, tasks);
  return { leases, progress: await reviewProgress(actor, releaseId) };
});
