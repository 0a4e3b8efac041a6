import { reopenGrading } from "@/lib/releases/commands";
import { reasonSchema } from "@/lib/releases/schema";
import { readBody, rest } from "../../../_rest";
import { releaseId } from "../../_id";

export const POST = rest(async ({ actor, request, params }) => {
  const input = { releaseId: releaseId(params), ...(await readBody(request, reasonSchema)) };
  await reopenGrading({ actor, input });
  return { body: { state: "grading" } };
});
