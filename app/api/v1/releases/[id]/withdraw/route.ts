import { withdrawRelease } from "@/lib/releases/commands";
import { reasonSchema } from "@/lib/releases/schema";
import { readBody, rest } from "../../../_rest";
import { releaseId } from "../../_id";

export const POST = rest(async ({ actor, request, params }) => {
  const input = { releaseId: releaseId(params), ...(await readBody(request, reasonSchema)) };
  await withdrawRelease({ actor, input });
  return { body: { state: "withdrawn" } };
});
