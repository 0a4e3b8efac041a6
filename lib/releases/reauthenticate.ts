import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import type { Person } from "../auth/actor";
import { type Assertion, takeAssertion } from "../auth/passkeys";
import { passwordMatches } from "../auth/password";
import { countAttempt, forgetAttempts } from "../auth/throttle";
import { db } from "../db/client";
import { Fault } from "../errors";

const lifetimeMs = 120_000;

/**
 * Proof that a person gave their password, or used their passkey, again just now. Only the two functions here make one:
 * the constructor is private, and a look-alike is not in the private set.
 */
export class Reauthentication {
  static readonly #unused = new WeakSet<Reauthentication>();
  readonly at = Date.now();
  private constructor(
    readonly userId: number,
    readonly method: "password" | "passkey",
    /** What a passkey signed, and its signature. Such a proof is for this statement and no other. */
    readonly signed: { statement: string; assertion: Assertion } | null,
  ) {}

  static #make(proof: Reauthentication): Reauthentication {
    Reauthentication.#unused.add(proof);
    return proof;
  }

  static async byPassword(actor: Person, password: string): Promise<Reauthentication | null> {
    await countAttempt("account", actor.email);
    const user = await db.user.findUnique({ where: { id: actor.userId }, select: { passwordHash: true } });
    if (!user?.passwordHash) {
      throw new Fault("invalid", "Set a password on your account page first: a signature needs it.", {
        field: "password",
      });
    }
    if (!(await passwordMatches(user.passwordHash, password))) return null;
    await forgetAttempts("account", actor.email);
    return Reauthentication.#make(new Reauthentication(actor.userId, "password", null));
  }

  /** Throws Fault `forbidden` for an answer that is late, used, not this person's, or not to what was asked. */
  static async byPasskey(
    actor: Person,
    answer: { challengeId: string; response: AuthenticationResponseJSON },
  ): Promise<Reauthentication> {
    const signed = await takeAssertion(actor, answer);
    return Reauthentication.#make(new Reauthentication(actor.userId, "passkey", signed));
  }

  /** True once, within two minutes, for the person who proved themselves. */
  static use(proof: unknown, userId: number): proof is Reauthentication {
    if (!(proof instanceof Reauthentication) || !Reauthentication.#unused.delete(proof)) return false;
    return proof.userId === userId && Date.now() - proof.at <= lifetimeMs;
  }
}
