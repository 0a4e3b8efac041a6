/** Who acts. A closed union: every switch over `kind` must answer for each, so attribution can't be forgotten. */
export type Role = "viewer" | "reviewer" | "release_manager" | "auditor" | "administrator";

export const roles: readonly Role[] = ["viewer", "reviewer", "release_manager", "auditor", "administrator"];

export const roleNames: Record<Role, string> = {
  viewer: "viewer",
  reviewer: "reviewer",
  release_manager: "release manager",
  auditor: "auditor",
  administrator: "administrator",
};

type InProject = { projectId: number; roles: Role[]; requestId: string };

export type Person = InProject & { kind: "person"; userId: number; name: string; email: string };
/** `userId` is null for the local administrator token, which is nobody's. */
export type Token = InProject & {
  kind: "token";
  tokenId: number;
  userId: number | null;
  name: string;
  email: string | null;
};
export type System = InProject & { kind: "system"; name: string };

export type Actor = Person | Token | System;

/** The person behind an actor, if there is one: also who a personal token acts for. */
export function personOf(actor: Actor): number | null {
  switch (actor.kind) {
    case "person":
      return actor.userId;
    case "token":
      return actor.userId;
    case "system":
      return null;
  }
}

/** How an actor is named in records: an e-mail where there is one. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case "person":
      return actor.email;
    case "token":
      return actor.email ?? actor.name;
    case "system":
      return actor.name;
  }
}

export function systemActor(projectId: number, name = "countersign"): System {
  return { kind: "system", name, projectId, roles: [...roles], requestId: crypto.randomUUID() };
}
