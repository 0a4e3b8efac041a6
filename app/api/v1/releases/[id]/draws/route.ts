import { drawSample } from "@/lib/releases/commands";
import { drawSchema } from "@/lib/releases/schema";
import { readBody, rest } from "../../../_rest";
import { releaseId } from "../../_id";

export const POST = rest(async ({ actor, request, params }) => {
  const input = { releaseId: releaseId(params), ...(await readBody(request, drawSchema)) };
  return { status: 201, body: await drawSample({ actor, input }) };
});
