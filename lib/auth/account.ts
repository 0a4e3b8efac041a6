import { appendAudit } from "../audit/append";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { Fault } from "../errors";
import type { Person } from "./actor";
import { hashPassword, passwordMatches } from "./password";
import { countAttempt } from "./throttle";

export async function hasPassword(actor: Person): Promise<boolean> {
  const user = await db.user.findUniqueOrThrow({ where: { id: actor.userId }, select: { passwordHash: true } });
  return user.passwordHash !== null;
}

/** Sets the password; whoever has one must give it. */
export async function setPassword({
  actor,
  input,
}: {
  actor: Person;
  input: { current?: string; next: string };
}): Promise<void> {
  const user = await db.user.findUniqueOrThrow({ where: { id: actor.userId } });
  if (user.passwordHash) {
    await countAttempt("account", user.email);
    if (!(await passwordMatches(user.passwordHash, input.current ?? ""))) {
      throw new Fault("invalid", "That is not your current password.", { field: "current" });
    }
  }
  const passwordHash = await hashPassword(input.next);
  await transaction(async (tx) => {
    await tx.user.update({ where: { id: user.id }, data: { passwordHash } });
    await appendAudit(tx, actor, {
      action: "account.password_set",
      subject: { kind: "user", id: String(user.id), name: user.email },
    });
  });
}

/** Ends every session of the person, this one too. */
export async function signOutEverywhere(actor: Person): Promise<void> {
  await transaction(async (tx) => {
    await tx.user.update({ where: { id: actor.userId }, data: { sessionVersion: { increment: 1 } } });
    await appendAudit(tx, actor, {
      action: "account.signed_out_everywhere",
      subject: { kind: "user", id: String(actor.userId), name: actor.email },
    });
  });
}
