import { gradedTask } from "@/lib/review/queries";
import { door } from "../../../_door";

export const GET = door(async ({ actor, releaseId, params }) => gradedTask(actor, releaseId, params.task ?? ""));
