import "server-only";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import { cache } from "react";
import { db } from "../db/client";
import type { Person } from "./actor";
import { authOptions } from "./options";

export const projectCookie = "countersign-project";

/** The signed-in person, in the project they chose last (their first one otherwise); null when nobody is. */
export const currentActor = cache(async (): Promise<Person | null> => {
  const session = await getServerSession(authOptions);
  if (!session?.userId) return null;
  // Read at each request: a demotion, a removal or a sign-out everywhere holds at once.
  const user = await db.user.findUnique({
    where: { id: session.userId },
    include: { memberships: { include: { project: true }, orderBy: { projectId: "asc" } } },
  });
  if (!user || user.disabledAt || user.sessionVersion !== session.sessionVersion) return null;
  const chosen = (await cookies()).get(projectCookie)?.value;
  const membership = user.memberships.find(({ project }) => project.key === chosen) ?? user.memberships[0];
  if (!membership) return null;
  return {
    kind: "person",
    userId: user.id,
    name: user.name,
    email: user.email,
    projectId: membership.projectId,
    roles: membership.roles,
    requestId: (await headers()).get("x-request-id") ?? crypto.randomUUID(),
  };
});

/** For pages and server actions: the signed-in person, or a redirect to the sign-in page. */
export async function requireActor(): Promise<Person> {
  const actor = await currentActor();
  if (!actor) {
    const wanted = (await headers()).get("x-path");
    redirect(wanted && wanted !== "/" ? `/sign-in?callbackUrl=${encodeURIComponent(wanted)}` : "/sign-in");
  }
  return actor;
}

export async function listMyProjects(
  actor: Person,
): Promise<{ key: string; name: string; isDemo: boolean; current: boolean }[]> {
  const memberships = await db.membership.findMany({
    where: { userId: actor.userId },
    include: { project: true },
    orderBy: { projectId: "asc" },
  });
  return memberships.map(({ project }) => ({
    key: project.key,
    name: project.name,
    isDemo: project.isDemo,
    current: project.id === actor.projectId,
  }));
}
