import { Fault } from "../errors";
import { type Actor, type Role, roleNames } from "./actor";

const everyone: readonly Role[] = ["viewer", "reviewer", "release_manager", "auditor", "administrator"];

/** Who may do what: the one table. Signing has further conditions, in lib/releases/rules.ts. */
export const allowed = {
  "project.read": everyone,
  "import.create": ["administrator", "release_manager"],
  "prompt.push": ["administrator", "release_manager"],
  "anchor.write": ["administrator", "release_manager"],
  "alarm.acknowledge": ["administrator", "release_manager"],
  "label.break_glass": ["administrator", "release_manager"],
  "label.move": ["administrator", "release_manager"],
  "label.protect": ["administrator"],
  "release.create": ["administrator", "release_manager"],
  "release.draw": ["administrator", "release_manager"],
  "case.tag": ["reviewer", "administrator", "release_manager"],
  "view.save": everyone,
  "view.share": ["reviewer", "administrator", "release_manager"],
  "release.close": ["administrator", "release_manager"],
  "release.withdraw": ["administrator", "release_manager"],
  "release.sign": ["release_manager"],
  "review.grade": ["reviewer", "release_manager"],
  "review.assign": ["administrator", "release_manager"],
  "tag.merge": ["administrator", "release_manager"],
  "criterion.write": ["administrator", "release_manager"],
  "policy.propose": ["administrator", "release_manager"],
  "policy.approve": ["administrator", "release_manager"],
  "redaction.request": ["administrator", "release_manager"],
  "retention.request": ["administrator"],
  "retention.approve": ["administrator", "release_manager"],
  "redaction.approve": ["administrator", "release_manager"],
  "audit.read": ["auditor", "administrator", "release_manager"],
  "audit.verify": ["auditor", "administrator", "release_manager"],
  "evidence.export": everyone,
  "member.read": everyone,
  "member.manage": ["administrator"],
  "project.export": ["administrator"],
  "project.create": ["administrator"],
  "token.create": everyone,
  "token.create_for_others": ["administrator"],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof allowed;

export function may(actor: Actor, action: Action): boolean {
  const needed: readonly Role[] = allowed[action];
  return actor.roles.some((role) => needed.includes(role));
}

/** Throws Fault `forbidden` unless one of the actor's roles allows the action. */
export function permit(actor: Actor, action: Action): void {
  if (may(actor, action)) return;
  const needed = allowed[action].map((role) => roleNames[role]).join(" or ");
  throw new Fault("forbidden", `This needs the role ${needed}.`);
}
