"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import { closeGrading, drawSample, reopenGrading, withdrawRelease } from "@/lib/releases/commands";
import { designs } from "@/lib/releases/schema";
import { signOffWithPassword } from "@/lib/releases/sign-off";
import { act, type Outcome } from "../../_action";

const id = z.coerce.number().int().positive();

function changed(releaseId: number): void {
  revalidatePath(`/releases/${releaseId}`, "layout");
  revalidatePath("/releases");
  revalidatePath("/");
}

export async function drawAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const input = z
      .object({
        releaseId: id,
        size: z.coerce.number().int().min(1),
        design: z.enum(designs).default("random"),
        seed: z.string().trim().max(200),
      })
      .parse({
        releaseId: form.get("releaseId"),
        size: form.get("size"),
        design: form.get("design") ?? undefined,
        seed: form.get("seed") ?? "",
      });
    const seed = input.seed === "" ? undefined : input.seed;
    const { draws, batch } = await drawSample({ actor, input: { ...input, seed } });
    changed(input.releaseId);
    return { message: `Drew ${draws.length} cases as batch ${batch}. They wait in the reviewers' queue.` };
  });
}

export async function closeAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    await closeGrading({ actor, input: { releaseId } });
    changed(releaseId);
    redirect(`/releases/${releaseId}/sign-off`);
  });
}

const reason = (form: FormData) => {
  const text = String(form.get("reason") ?? "").trim();
  return text === "" ? undefined : text;
};

export async function reopenAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    await reopenGrading({ actor, input: { releaseId, reason: reason(form) } });
    changed(releaseId);
    return { message: "The grading is open again." };
  });
}

export async function withdrawAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    await withdrawRelease({ actor, input: { releaseId, reason: reason(form) } });
    changed(releaseId);
    return { message: "The release is withdrawn." };
  });
}

export async function signAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const text = (name: string) => String(form.get(name) ?? "");
    const input = {
      releaseId: id.parse(form.get("releaseId")),
      evidenceDigest: text("evidenceDigest"),
      decision: z.enum(["approve", "refuse"]).parse(form.get("decision")),
      meaning: text("meaning"),
      reason: text("reason"),
      password: text("password").slice(0, 1000),
    };
    const { state, approvals } = await signOffWithPassword({ actor, input });
    changed(input.releaseId);
    if (state !== "ready") return { message: `The release is ${state}. Your signature is in the record.` };
    return { message: `Your signature is in the record. ${approvals} so far; others must sign too.` };
  });
}
