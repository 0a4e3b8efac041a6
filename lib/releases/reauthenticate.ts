import type { Person } from "../auth/actor";
import { passwordMatches } from "../auth/password";
import { countAttempt, forgetAttempts } from "../auth/throttle";
import { db } from "../db/client";
import { Fault } from "../errors";

const lifetimeMs = 120_000;

/**
 * Proof that a person gave their password again just now. `reauthenticate` below is the only place that makes one: the
 * constructor is private, and a look-alike is not in the private set.
 */
export class Reauthentication {
  static readonly #unused = new WeakSet<Reauthentication>();
  readonly at = Date.now();
  private constructor(
    readonly userId: number,
    readonly method: "password",
  ) {}

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
    const proof = new Reauthentication(actor.userId, "password");
    Reauthentication.#unused.add(proof);
    return proof;
  }

  /** True once, within two minutes, for the person who gave the password. */
  static use(proof: unknown, userId: number): proof is Reauthentication {
    if (!(proof instanceof Reauthentication) || !Reauthentication.#unused.delete(proof)) return false;
    return proof.userId === userId && Date.now() - proof.at <= lifetimeMs;
  }
}
