import { setTimeout as wait } from "node:timers/promises";
import type { PoolClient } from "pg";
import { db } from "./client";
import { Prisma } from "./generated/client";

export type Tx = Prisma.TransactionClient;

const attempts = 5;

/** True for a serialization failure or a deadlock, in each of the shapes Prisma and pg report them. */
export function isRetryable(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at && depth < 5; depth++) {
    const { code, originalCode, kind, cause, meta } = at as Record<string, unknown>;
    if (code === "40001" || code === "40P01" || originalCode === "40001" || originalCode === "40P01") return true;
    if (code === "P2034" || kind === "TransactionWriteConflict") return true;
    at = cause ?? (meta as Record<string, unknown> | undefined)?.driverAdapterError;
  }
  return false;
}

/** Runs `work` in one transaction; on a conflict with another transaction the whole of it is run again. */
export async function transaction<T>(work: (tx: Tx) => Promise<T>, timeoutMs = 20_000): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.$transaction(work, { maxWait: 10_000, timeout: timeoutMs });
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error)) throw error;
      await wait(2 ** attempt * 5 * (0.5 + Math.random()));
    }
  }
}

/** True when `error` says that the named unique index or constraint was violated. */
export function violates(error: unknown, constraint?: string): boolean {
  for (let at: unknown = error, depth = 0; at && depth < 5; depth++) {
    const { code, originalCode, kind, cause, meta, message } = at as Record<string, unknown>;
    const unique =
      code === "P2002" || code === "23505" || originalCode === "23505" || kind === "UniqueConstraintViolation";
    if (unique) {
      if (!constraint) return true;
      const text = `${String(message)} ${JSON.stringify(meta ?? {})} ${JSON.stringify(at)}`;
      return text.includes(constraint);
    }
    at = cause ?? (meta as Record<string, unknown> | undefined)?.driverAdapterError;
  }
  return false;
}

/**
 * The `$queryRaw` of a transaction that runs on a plain connection: for work that needs COPY and the same operations as
 * everybody else in one transaction.
 */
export function rawQueries(client: PoolClient): Pick<Tx, "$queryRaw"> {
  const $queryRaw = async (parts: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) => {
    const sql = "raw" in parts ? Prisma.sql(parts, ...values) : parts;
    return (await client.query(sql.text, sql.values)).rows;
  };
  return { $queryRaw: $queryRaw as unknown as Tx["$queryRaw"] };
}
