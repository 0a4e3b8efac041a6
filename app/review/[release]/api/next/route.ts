import { inParts, nextTask } from "@/lib/review/queries";
import { door } from "../../_door";

export const POST = door(async ({ actor, releaseId, request }) => {
  const { except } = (await request.json()) as { except?: unknown };
  const held = Array.isArray(except)
    ? except.filter((task): task is string => typeof task === "string").slice(0, 50)
    : [];
  const task = await nextTask(actor, releaseId, held);
  return task && inParts(task);
});
