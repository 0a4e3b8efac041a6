import { z } from "zod";
import { renewLeases } from "@/lib/review/leases";
import { door } from "../../_door";

/** The cases in this browser: renews their leases, and tells which are still this person's. */
export const POST = door(async ({ actor, releaseId, request }) => {
  const { tasks } = z.object({ tasks: z.array(z.string().max(100)).max(50) }).parse(await request.json());
  return renewLeases(actor, releaseId, tasks);
});
