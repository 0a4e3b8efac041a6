"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import { plural } from "@/components/ui/format";
import { Fault } from "@/lib/errors";
import { makeSentinels, strikeSentinel, takeSentinelVerdicts } from "@/lib/sentinels/commands";
import { parseVerdictLines } from "@/lib/sentinels/lines";
import { kindWords, makeSchema, verdictsSchema } from "@/lib/sentinels/schema";
import { act, type Outcome } from "../../../_action";

const id = z.coerce.number().int().positive();

export async function makeAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    const input = makeSchema.parse({
      count: form.get("count"),
      criterion: form.get("criterion") ?? undefined,
      kinds: form.getAll("kinds"),
    });
    const { made } = await makeSentinels({ actor, input: { ...input, releaseId } });
    revalidatePath(`/releases/${releaseId}/sentinels`);
    const parts = Object.entries(made).map(([kind, n]) => `${n} ${kindWords[kind as keyof typeof kindWords]}`);
    const total = Object.values(made).reduce((sum, n) => sum + n, 0);
    return { message: `Made ${plural(total, "sentinel")}: ${parts.join("; ")}.` };
  });
}

export async function strikeAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    const sentinelId = id.parse(form.get("sentinelId"));
    await strikeSentinel({ actor, input: { releaseId, sentinelId, reason: String(form.get("reason") ?? "") } });
    revalidatePath(`/releases/${releaseId}/sentinels`);
    return { message: "Struck. It counts no more." };
  });
}

/** A page's form is no way for large files: those go over the REST interface. */
const largest = 4_000_000;

export async function verdictsAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    const file = form.get("file");
    if (!(file instanceof File) || file.size === 0) throw new Fault("invalid", "Choose a file.", { field: "file" });
    if (file.size > largest) throw new Fault("too_large", "The file is larger than 4 MB: use the command line.");
    const input = verdictsSchema.parse({ verdicts: parseVerdictLines(await file.text()) });
    const { taken, unchanged } = await takeSentinelVerdicts({ actor, input: { ...input, releaseId } });
    revalidatePath(`/releases/${releaseId}/sentinels`);
    return { message: unchanged ? "Nothing new: these verdicts are known." : `Took ${plural(taken, "verdict")}.` };
  });
}
