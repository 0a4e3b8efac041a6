"use server";

import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { createProject } from "@/lib/auth/members";
import { nameSchema, projectKeySchema } from "@/lib/auth/schema";
import { listMyProjects, projectCookie } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { act, type Outcome } from "../../_action";

async function choose(key: string): Promise<void> {
  (await cookies()).set(projectCookie, key, { httpOnly: true, sameSite: "lax", path: "/", maxAge: 31_536_000 });
}

/** The project that the pages show from now on. */
export async function chooseProjectAction(key: string): Promise<void> {
  const outcome = await act(async (actor) => {
    const mine = await listMyProjects(actor);
    if (!mine.some((project) => project.key === key))
      throw new Fault("not_found", "You are not a member of this project.");
    await choose(key);
    return undefined;
  });
  if (outcome.ok) redirect("/");
}

export async function createProjectAction(_before: Outcome<string> | null, form: FormData): Promise<Outcome<string>> {
  const outcome = await act(async (actor) => {
    const input = { key: projectKeySchema.parse(form.get("key")), name: nameSchema.parse(form.get("name")) };
    const { key } = await createProject({ actor, input });
    await choose(key);
    return undefined;
  });
  if (outcome.ok) redirect("/");
  return outcome;
}
