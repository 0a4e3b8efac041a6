import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { pool } from "../db/client";
import { Fault } from "../errors";

/** Attempts at a password: 10 in 15 minutes for an account, 50 for an address prefix. Counted in the database, so every replica sees them. */
const limits = { account: 10, address: 50 };
const windowSeconds = 15 * 60;

function limiter(kind: keyof typeof limits): RateLimiterPostgres {
  return new RateLimiterPostgres({
    storeClient: pool(),
    storeType: "pool",
    tableName: "rate_limit",
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: kind,
    points: limits[kind],
    duration: windowSeconds,
  });
}

export async function countAttempt(kind: keyof typeof limits, key: string): Promise<void> {
  try {
    await limiter(kind).consume(key);
  } catch (error) {
    if (error instanceof RateLimiterRes) {
      const minutes = Math.ceil(error.msBeforeNext / 60_000);
      throw new Fault("rate_limited", `Too many attempts. Try again in ${minutes} minute${minutes === 1 ? "" : "s"}.`);
    }
    throw error;
  }
}

export async function forgetAttempts(kind: keyof typeof limits, key: string): Promise<void> {
  await limiter(kind).delete(key);
}
