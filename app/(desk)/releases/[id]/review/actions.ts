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
    const { taken, given, to: name } = await reassignCases({ actor, input });
    revalidatePath(`/releases/${input.releaseId}/review`);
    return { message: `Took back ${plural(taken, "case")}; ${whereNow(taken, given, name)}` };
  });
}

function whereNow(taken: number, given: number, name: string | null): string {
  const [they, are, wait] = taken === 1 ? ["it", "is", "waits"] : ["they", "are", "wait"];
  if (name === null) return `${they} ${are} open to all reviewers now.`;
  if (given === taken) return `${they} ${wait} for ${name} now.`;
  if (given === 0)
    return `${name} can’t be given ${taken === 1 ? "it" : "any of them"}, so ${they} ${are} open to all reviewers now.`;
  return `${given} ${given === 1 ? "waits" : "wait"} for ${name} now, the others are open to all reviewers.`;
}
