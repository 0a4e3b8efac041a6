import { Fault } from "@/lib/errors";
import { excerptOf, hunkLabel } from "@/lib/prompts/diff/excerpt";
import { attributeHunks } from "@/lib/review/attribution";
import { attributable } from "@/lib/review/ledger";
import { attributionSchema } from "@/lib/review/schema";
import { door } from "../../_door";

/** What this person may attribute in a case that they graded; before that it is refused, for the prompts tell the sides. */
export const GET = door(async ({ actor, releaseId, request }) => {
  const key = new URL(request.url).searchParams.get("case") ?? "";
  const found = await attributable(actor, releaseId, key);
  if (!found)
    throw new Fault("forbidden", "You did not grade this case. Only who graded it says which hunk was the reason.");
  const { hunks, ...rest } = found;
  return {
    ...rest,
    person: actor.userId,
    hunks: hunks.map((hunk) => ({
      id: hunk.id,
      number: hunk.number,
      label: hunkLabel(hunk),
      moved: hunk.change === "moved",
      ...excerptOf(hunk),
    })),
  };
});

export const POST = door(async ({ actor, releaseId, request }) => {
  const input = attributionSchema.parse(await request.json());
  return attributeHunks({ actor, input: { ...input, releaseId } });
});
