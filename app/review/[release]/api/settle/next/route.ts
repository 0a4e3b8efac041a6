import { nextDispute } from "@/lib/review/adjudication";
import { door } from "../../../_door";

export const POST = door(({ actor, releaseId }) => nextDispute(actor, releaseId));
