import { closeGrading } from "@/lib/releases/commands";
import { rest } from "../../../_rest";
import { releaseId } from "../../_id";

export const POST = rest(async ({ actor, params }) => {
  const closed = await closeGrading({ actor, input: { releaseId: releaseId(params) } });
  return { body: { state: "ready", ...closed } };
});
