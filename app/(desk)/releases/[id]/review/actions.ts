"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import { plural } from "@/components/ui/format";
import { assignCases, reassignCases } from "@/lib/review/queue";
import { act, type Outcome } from "../../../_action";

const id = z.coerce.number().int().positive();

export async function assignAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const text = String(form.get("cases") ?? "").trim();
    const input = z
      .object({ releaseId: id, reviewers: z.array(id).max(200), cases: z.coerce.number().int().min(1).optional() })
      .parse({
        releaseId: form.get("releaseId"),
        reviewers: form.getAll("reviewers"),
        cases: text === "" ? undefined : text,
      });
    const { assigned } = await assignCases({ actor, input });
    revalidatePath(`/releases/${input.releaseId}/review`);
    return { message: assigned.map(({ reviewer, cases }) => `${plural(cases, "case")} for ${reviewer}.`).join(" ") };
  });
}

export async function reassignAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const to = form.get("to");
    const input = z
      .object({ releaseId: id, from: id, to: id.optional() })
      .parse({ releaseId: form.get("releaseId"), from: form.get("from"), to: to === "all" ? undefined : to });
    const { taken, given } = await reassignCases({ actor, input });
    revalidatePath(`/releases/${input.releaseId}/review`);
    const where =
      input.to === undefined
        ? "open to all reviewers again."
        : given === taken
          ? "theirs now."
          : `${given} theirs now, the others open to all reviewers.`;
    return { message: `Took back ${plural(taken, "case")}: ${where}` };
  });
}
