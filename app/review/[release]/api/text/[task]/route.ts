import { z } from "zod";
import { answerInParts } from "@/lib/parts";
import { taskText, taskTexts } from "@/lib/review/queries";
import { door } from "../../../_door";

/** What the screen did not get with a case that is long. It names the side as the case does, so it tells no more than that. */
export const GET = door(async ({ actor, releaseId, request, params }) => {
  const asked = new URL(request.url).searchParams;
  const of = z.enum(taskTexts).parse(asked.get("of"));
  return answerInParts(await taskText(actor, releaseId, params.task ?? "", of), asked);
});
