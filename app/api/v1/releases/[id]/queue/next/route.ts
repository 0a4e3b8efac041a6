import { rest } from "@/app/api/v1/_rest";
import { nextTask } from "@/lib/review/queries";
import { releaseId } from "../../../_id";

export const GET = rest(async ({ actor, params }) => {
  const task = await nextTask(actor, releaseId(params));
  return task ? { body: task } : { status: 204 };
});
