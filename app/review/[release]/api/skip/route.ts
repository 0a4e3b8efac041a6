import { z } from "zod";
import { skipTask } from "@/lib/review/commands";
import { door } from "../../_door";

export const POST = door(async ({ actor, releaseId, request }) => {
  const { task } = z.object({ task: z.string().max(100) }).parse(await request.json());
  await skipTask({ actor, input: { releaseId, task } });
  return null;
});
