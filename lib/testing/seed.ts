import type { Person, Role } from "../auth/actor";
import { db } from "../db/client";

let count = 0;
/** Unique within a test file, readable in failures. */
export function unique(word: string): string {
  count += 1;
  return `${word}-${count}`;
}

export type SeededProject = { id: number; key: string; name: string };

export async function seedProject(given: { key?: string; name?: string } = {}): Promise<SeededProject> {
  const key = given.key ?? unique("project");
  return db.project.create({
    data: { key, name: given.name ?? `Project ${key}` },
    select: { id: true, key: true, name: true },
  });
}

/** A member of the project, as the actor that an operation takes. */
export async function seedPerson(
  projectId: number,
  given: { roles?: Role[]; name?: string; email?: string; passwordHash?: string } = {},
): Promise<Person> {
  const { roles = ["viewer"], passwordHash } = given;
  const name = given.name ?? unique("person");
  const email = given.email ?? `${name.toLowerCase().replaceAll(" ", ".")}@example.test`;
  const user = await db.user.create({ data: { email, name, passwordHash } });
  await db.membership.create({ data: { projectId, userId: user.id, roles } });
  return actorFor({ userId: user.id, name, email, projectId, roles });
}

/** The actor of somebody, for instance with the roles of another moment or in another project. */
export function actorFor(person: Pick<Person, "userId" | "name" | "email" | "projectId" | "roles">): Person {
  return { kind: "person", requestId: crypto.randomUUID(), ...person };
}
