import { readBody, rest } from "@/app/api/v1/_rest";
import { submitReviews } from "@/lib/review/commands";
import { submissionSchema } from "@/lib/review/schema";
import { releaseId } from "../../_id";

export const POST = rest(async ({ actor, request, params }) => {
  const input = await readBody(request, submissionSchema);
  return { status: 201, body: await submitReviews({ actor, input: { ...input, releaseId: releaseId(params) } }) };
});
