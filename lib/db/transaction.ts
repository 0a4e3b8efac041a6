import { setTimeout as wait } from "node:timers/promises";
import type { QueryConfig, QueryResult, QueryResultRow } from "pg";
import { sha256Hex } from "../digest";
import { db, quickPool } from "./client";
import { Prisma } from "./generated/client";

export type Tx = Prisma.TransactionClient;
/** What speaks SQL only: the transactions of both kinds, and `db` outside of one. */
export type Sql = Pick<Tx, "$queryRaw">;

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
export function transaction<T>(work: (tx: Tx) => Promise<T>, timeoutMs = 20_000): Promise<T> {
  return retried(() => db.$transaction(work, { maxWait: 10_000, timeout: timeoutMs }));
}

export type QuickTx = Sql & {
  /** For the statement that comes last, if its rows are of no interest: the commit is sent right behind it. */
  last: (statement: Promise<unknown>) => void;
};

/**
 * As `transaction`, for the few operations that somebody waits for after each key: on a connection that keeps the plans of
 * its statements and waits for an answer only where `work` does. The SQL must be one of few texts: each is kept.
 */
export function quickTransaction<T>(work: (tx: QuickTx) => Promise<T>): Promise<T> {
  return retried(async () => {
    const client = await quickPool().connect();
    let broken = false;
    const unread: Promise<unknown>[] = [];
    /** Waited for with the commit: until then nobody is there to hear of a failure. */
    const later = (statement: Promise<unknown>) => {
      statement.catch(() => {});
      unread.push(statement);
    };
    try {
      later(client.query("BEGIN"));
      const result = await work({ ...rawQueries(client, nameOf), last: later });
      // After a statement that failed the database takes it for ROLLBACK; what failed is thrown below.
      later(client.query("COMMIT"));
      await Promise.all(unread);
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {
        broken = true;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  });
}

/** Reads outside of a transaction whose plans are kept, for what is asked with every click. As few texts as above. */
export const quickReads: Sql = rawQueries({ query: (config) => quickPool().query(config) }, nameOf);

/** The same for SQL as text with numbered parameters. */
export function quickQuery<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<QueryResult<Row>> {
  return quickPool().query<Row>({ name: nameOf(text), text, values });
}

const names = new Map<string, string>();

/** The name under which a connection keeps the plan of a statement. */
function nameOf(text: string): string {
  const name = names.get(text) ?? sha256Hex(text).slice(0, 32);
  names.set(text, name);
  return name;
}

async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
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

type Client = { query: (config: QueryConfig) => Promise<QueryResult> };

/**
 * The `$queryRaw` of a transaction that runs on a plain connection: for work that needs COPY, or kept plans, and the same
 * operations as everybody else in one transaction.
 */
export function rawQueries(client: Client, nameOf?: (text: string) => string): Sql {
  const $queryRaw = async (parts: TemplateStringsArray | Prisma.Sql, ...values: unknown[]) => {
    const sql = "raw" in parts ? Prisma.sql(parts, ...values) : parts;
    return (await client.query({ name: nameOf?.(sql.text), text: sql.text, values: sql.values })).rows;
  };
  return { $queryRaw: $queryRaw as unknown as Tx["$queryRaw"] };
}
