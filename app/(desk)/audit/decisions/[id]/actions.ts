"use server";

import { z } from "zod";
import { type RecomputedDecision, recomputeDecision } from "@/lib/releases/recomputed-decision";
import { act, type Outcome } from "../../../_action";

export async function recomputeAction(_before: unknown, form: FormData): Promise<Outcome<RecomputedDecision>> {
  return act(async (actor) => ({
    value: await recomputeDecision(actor, z.coerce.number().int().positive().parse(form.get("id"))),
  }));
}
