import { submitReviews, supersedeReviews } from "@/lib/review/commands";
import { submissionSchema } from "@/lib/review/schema";
import { door } from "../../_door";

/** First grades of a case. */
export const POST = door(async ({ actor, releaseId, request }) => {
  const input = submissionSchema.parse(await request.json());
  return submitReviews({ actor, input: { ...input, releaseId } });
});

/** Corrections of a case graded before. */
export const PUT = door(async ({ actor, releaseId, request }) => {
  const input = submissionSchema.parse(await request.json());
  return supersedeReviews({ actor, input: { ...input, releaseId } });
});
