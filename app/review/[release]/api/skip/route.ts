import { z } from "zod";
import { skipTask } from "@/lib/review/commands";
import { door } from "../../_door";

const skipSchema = z.object({ task: z.string().max(100), reason: z.string().max(1000).optional() });

export const POST = door(async ({ actor, releaseId, request }) => {
  const { task, reason } = skipSchema.parse(await request.json());
  await skipTask({ actor, input: { releaseId, task, reason } });
  return null;
});
