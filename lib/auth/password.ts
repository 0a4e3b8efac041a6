import { hash, verify } from "@node-rs/argon2";
import { Fault } from "../errors";

export const shortestPassword = 10;

// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export async function hashPassword(password: string): Promise<string> {
  if (password.length < shortestPassword || password.length > 200) {
    throw new Fault("invalid", `A password has ${shortestPassword} to 200 characters.`, { field: "password" });
  }
  return hash(password, cost);
}

// Compared against when there is nobody of that name, so that the answer takes as long.
let decoy: Promise<string> | undefined;

export async function passwordMatches(passwordHash: string | null | undefined, password: string): Promise<boolean> {
  decoy ??= hash("nobody has this password", cost);
  const matches = await verify(passwordHash ?? (await decoy), password);
  return matches && passwordHash != null;
}
