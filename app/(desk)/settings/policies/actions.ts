"use server";

import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import type { Asked } from "@/lib/auth/passkeys";
import { type DryRunRow, dryRun } from "@/lib/releases/dry-run";
import {
  type Approved,
  approvePolicyWithPasskey,
  approvePolicyWithPassword,
  askToApprovePolicy,
  proposePolicy,
  proposePolicySchema,
  rejectPolicy,
  withdrawProposal,
} from "@/lib/releases/policy-commands";
import { policyDraftSchema } from "@/lib/releases/policy-document";
import { act, type Outcome } from "../../_action";
import { passkeyAnswer, passwordOf } from "../../_reauthentication";
import { policiesHref, policyHref, proposalHref } from "./_links";

export async function proposeAction(input: unknown): Promise<Outcome> {
  return act(async (actor) => {
    const { id } = await proposePolicy({ actor, input: proposePolicySchema.parse(input) });
    revalidatePath(policiesHref, "layout");
    redirect(proposalHref(id));
  });
}

/** A document that nobody has proposed yet, against the releases there are. */
export async function dryRunAction(document: unknown): Promise<Outcome<{ rows: DryRunRow[]; left: number }>> {
  return act(async (actor) => ({ value: await dryRun(actor, policyDraftSchema.parse(document)) }));
}

const id = z.coerce.number().int().positive();
const text = z.string().max(4000);

export async function approveAction(_before: Outcome | null, form: FormData): Promise<Outcome> {
  return act(async (actor) => {
    const password = passwordOf(form);
    return approved(form, await approvePolicyWithPassword({ actor, input: { ...approval(form), password } }));
  });
}

export async function askToApproveAction(form: FormData): Promise<Outcome<Asked>> {
  return act(async (actor) => ({ value: await askToApprovePolicy({ actor, input: approval(form) }) }));
}

export async function approveWithPasskeyAction(
  form: FormData,
  challengeId: string,
  response: AuthenticationResponseJSON,
): Promise<Outcome> {
  return act(async (actor) => {
    const answer = passkeyAnswer(challengeId, response);
    return approved(form, await approvePolicyWithPasskey({ actor, input: { ...approval(form), ...answer } }));
  });
}

function approval(form: FormData) {
  return {
    proposalId: id.parse(form.get("id")),
    digest: text.parse(form.get("digest")),
    reason: text.parse(form.get("reason") ?? ""),
  };
}

function approved(form: FormData, { version }: Approved): { message: string } {
  revalidatePath(policiesHref, "layout");
  if (version !== null) redirect(policyHref(text.parse(form.get("key"))));
  return { message: "Approved. It needs one more person." };
}

export async function rejectAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = { proposalId: id.parse(form.get("id")), reason: text.parse(form.get("reason") ?? "") };
    await rejectPolicy({ actor, input });
    revalidatePath(policiesHref, "layout");
    return { message: "Rejected." };
  });
}

export async function withdrawAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = { proposalId: id.parse(form.get("id")), reason: text.parse(form.get("reason") ?? "") };
    await withdrawProposal({ actor, input });
    revalidatePath(policiesHref, "layout");
    return { message: "Withdrawn." };
  });
}
