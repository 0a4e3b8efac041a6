import { z } from "zod";
import { meanings } from "@/lib/releases/schema";
import { signOff } from "@/lib/releases/sign-off";
import { readBody, rest } from "../../../_rest";
import { releaseId } from "../../_id";

const body = z.object({
  evidenceDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .default("0".repeat(64)),
  decision: z.enum(["approve", "refuse"]).default("approve"),
  reason: z.string().trim().min(1).max(4000).default("No reason given."),
});

/** People sign in the browser only. This door exists so that an attempt with a token is refused in words, and recorded. */
export const POST = rest(async ({ actor, request, params }) => {
  const given = await readBody(request, body);
  const input = {
    ...given,
    releaseId: releaseId(params),
    meaning: meanings[given.decision][0],
    reauthentication: null,
  };
  return { body: await signOff({ actor, input }) };
});
