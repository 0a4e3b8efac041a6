import { z } from "zod";
import { getBrief } from "@/lib/releases/brief";
import { changesBetween } from "@/lib/releases/frozen";
import { meanings, signOffDecisions } from "@/lib/releases/schema";
import { signOff } from "@/lib/releases/sign-off";
import { readBody, rest } from "../../../_rest";
import { releaseId } from "../../_id";

const body = z.object({
  evidenceDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .default("0".repeat(64)),
  decision: z.enum(signOffDecisions).default("approve"),
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

/** Every signature: whether it counts, what it waives, what had been opened, and why it is stale where it is. */
export const GET = rest(async ({ actor, params }) => {
  const id = releaseId(params);
  const { evidenceDigest, signOffs } = await getBrief(actor, id);
  const digests = [...new Set(signOffs.filter(({ stale }) => stale).map((row) => row.evidenceDigest))];
  const changes = new Map<string, Awaited<ReturnType<typeof changesBetween>>>();
  if (evidenceDigest) for (const was of digests) changes.set(was, await changesBetween(actor, id, was, evidenceDigest));
  const rows = signOffs.map((row) => {
    const changed = row.stale ? changes.get(row.evidenceDigest) : undefined;
    return changed ? { ...row, changed } : row;
  });
  return { body: { evidenceDigest, signOffs: rows } };
});
