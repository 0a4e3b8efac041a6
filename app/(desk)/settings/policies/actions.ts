"use server";

import { revalidatePath } from "next/cache";
import { redirect } from "next/navigation";
import { z } from "zod";
import { type DryRunRow, dryRun } from "@/lib/releases/dry-run";
import {
  approvePolicy,
  proposePolicy,
  proposePolicySchema,
  rejectPolicy,
  withdrawProposal,
} from "@/lib/releases/policy-commands";
import { policyDraftSchema } from "@/lib/releases/policy-document";
import { act, type Outcome } from "../../_action";
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

export async function approveAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = {
      proposalId: id.parse(form.get("id")),
      digest: text.parse(form.get("digest")),
      reason: text.parse(form.get("reason") ?? ""),
    };
    const { version } = await approvePolicy({ actor, input });
    revalidatePath(policiesHref, "layout");
    if (version !== null) redirect(policyHref(text.parse(form.get("key"))));
    return { message: "Approved. It needs one more person." };
  });
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
