"use server";

import { revalidatePath } from "next/cache";
import { z } from "zod";
import { createSignInLink, invite } from "@/lib/auth/links";
import { revokeInvitation } from "@/lib/auth/members";
import { emailSchema, nameSchema, rolesSchema } from "@/lib/auth/schema";
import { changeRoles, removeMember } from "@/lib/releases/member-changes";
import { act, type Outcome } from "../../_action";

const id = z.coerce.number().int();

export async function inviteAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = z
      .object({ email: emailSchema, name: nameSchema, roles: rolesSchema })
      .parse({ email: form.get("email"), name: form.get("name"), roles: form.getAll("roles") });
    const { path } = await invite({ actor, input });
    revalidatePath("/settings/members");
    return { message: `Give this link to ${input.email}. It works once, for a week.`, value: path };
  });
}

export async function linkAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const email = emailSchema.parse(form.get("email"));
    const { path } = await createSignInLink({ actor, input: { email } });
    return { message: `Give this link to ${email}. It works once, for a day.`, value: path };
  });
}

export async function changeRolesAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const input = { userId: id.parse(form.get("userId")), roles: rolesSchema.parse(form.getAll("roles")) };
    const { impossible } = await changeRoles({ actor, input });
    revalidatePath("/settings/members");
    return { message: `Roles changed.${blocked(impossible)}` };
  });
}

export async function removeMemberAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  return act(async (actor) => {
    const { impossible } = await removeMember({ actor, input: { userId: id.parse(form.get("userId")) } });
    revalidatePath("/settings/members");
    return { message: `Removed from the project.${blocked(impossible)}` };
  });
}

/** News tells others; whoever made the change reads it here. */
function blocked(policies: readonly string[]): string {
  return policies.length === 0 ? "" : ` Nobody can meet the policy ${policies.join(", ")} now: its page says why.`;
}

export async function revokeInvitationAction(
  _before: Outcome<string> | null,
  form: FormData,
): Promise<Outcome<string>> {
  return act(async (actor) => {
    await revokeInvitation({ actor, input: { id: id.parse(form.get("id")) } });
    revalidatePath("/settings/members");
    return { message: "Invitation withdrawn." };
  });
}
