import { gradedTask, inParts } from "@/lib/review/queries";
import { door } from "../../../_door";

export const GET = door(async ({ actor, releaseId, params }) =>
  inParts(await gradedTask(actor, releaseId, params.task ?? "")),
);
