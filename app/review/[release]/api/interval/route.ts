import { intervalWidth } from "@/lib/calibration/queries";
import { door } from "../../_door";

/** How wide the release's interval is by now; never where it lies. */
export const GET = door(({ actor, releaseId }) => intervalWidth(actor, { releaseId }));
