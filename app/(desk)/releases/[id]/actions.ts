"use server";

import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import type { Asked } from "@/lib/auth/passkeys";
import { closeGrading, drawSample, reopenGrading, withdrawRelease } from "@/lib/releases/commands";
import { designs, type SignOffInput, signOffDecisions, waiverSchema } from "@/lib/releases/schema";
import {
  askToSign,
  type SignedOff,
  signOffWithPasskey,
  signOffWithPassword,
  withdrawSignOff,
} from "@/lib/releases/sign-off";
import { act, type Outcome } from "../../_action";
import { passkeyAnswer, passwordOf } from "../../_reauthentication";

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

const waivedSchema = waiverSchema.pick({ gate: true, scope: true });

/** What a signature says, as the form has it. */
function signature(form: FormData): SignOffInput {
  const text = (name: string) => String(form.get(name) ?? "");
  return {
    releaseId: id.parse(form.get("releaseId")),
    evidenceDigest: text("evidenceDigest"),
    decision: z.enum(signOffDecisions).parse(form.get("decision")),
    meaning: text("meaning"),
    reason: text("reason"),
    waivers: z
      .array(z.string().max(1000))
      .parse(form.getAll("waive"))
      .map((what, i) => {
        const day = form.getAll("waiver-until")[i];
        const until = z.iso.date("Give the day on which each waiver ends.").parse(day);
        return {
          ...waivedSchema.parse(JSON.parse(what)),
          reason: String(form.getAll("waiver-reason")[i] ?? ""),
          // The whole of the day that was chosen.
          until: `${until}T23:59:59.999Z`,
        };
      }),
  };
}

function signed({ state, approvals }: SignedOff): { message: string } {
  if (state !== "ready") return { message: `The release is ${state}. Your signature is in the record.` };
  return { message: `Your signature is in the record. ${approvals} to approve so far; others must sign too.` };
}

export async function signAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const input = { ...signature(form), password: passwordOf(form) };
    const done = await signOffWithPassword({ actor, input });
    changed(input.releaseId);
    return signed(done);
  });
}

/** The first half of signing with a passkey: what its holder is asked to sign. */
export async function askToSignAction(form: FormData): Promise<Outcome<Asked>> {
  return act(async (actor) => ({ value: await askToSign({ actor, input: signature(form) }) }));
}

/** The second half: the passkey's answer. */
export async function signWithPasskeyAction(
  releaseId: number,
  challengeId: string,
  response: AuthenticationResponseJSON,
): Promise<Outcome> {
  return act(async (actor) => {
    const input = { releaseId: id.parse(releaseId), ...passkeyAnswer(challengeId, response) };
    const done = await signOffWithPasskey({ actor, input });
    changed(input.releaseId);
    return signed(done);
  });
}

export async function withdrawSignatureAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const releaseId = id.parse(form.get("releaseId"));
    await withdrawSignOff({ actor, input: { releaseId, reason: reason(form) ?? "" } });
    changed(releaseId);
    return { message: "Your signature is taken back. It stays in the record and counts no more." };
  });
}
