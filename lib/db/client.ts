import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client";

export type { Prisma } from "./generated/client";

/** Kept for longer than people think between two clicks: a connection that is closed takes its plans with it. */
const quick = { pipeline: true, idleTimeoutMillis: 600_000 };
/** Set once a connection, not with each transaction that somebody waits for. */
const quickLimit = "SET statement_timeout = '20s'";

type Held = { url: string; client?: PrismaClient; pool: pg.Pool; quick: pg.Pool; uploads: pg.Pool };
// Kept on the global object so that a reloaded module in development does not open a second pool.
const holder = globalThis as typeof globalThis & { __countersignDb?: Held };

function held(): Held {
  const url = process.env.DATABASE_URL;
  if (!url)
    throw new Error("DATABASE_URL is not set: start Countersign with `npm start` or set it to a PostgreSQL URL.");
  if (holder.__countersignDb?.url === url) return holder.__countersignDb;
  const open = (max: number, more: pg.PoolConfig = {}) => {
    const pool = new pg.Pool({ connectionString: url, max, ...more });
    // A connection that dies is replaced at the next use, and fails the statement under way if there is one. It says so as an
    // event as well, which would end the process if nobody listened.
    return pool.on("error", () => {}).on("connect", (client) => client.on("error", () => {}));
  };
  const quickly = open(5, quick).on("connect", (client) => void client.query(quickLimit).catch(() => {}));
  holder.__countersignDb = { url, pool: open(10), quick: quickly, uploads: open(4) };
  return holder.__countersignDb;
}

/** The Prisma client, opened at first use on `DATABASE_URL`: an import does without, and starts sooner. */
export const db: PrismaClient = new Proxy({} as PrismaClient, {
  get(_target, property) {
    const current = held();
    current.client ??= new PrismaClient({ adapter: new PrismaPg(current.pool) });
    const { client } = current;
    const value = Reflect.get(client, property, client);
    return typeof value === "function" ? value.bind(client) : value;
  },
});

/** The pool below Prisma, for COPY, cursors and LISTEN. */
export function pool(): pg.Pool {
  return held().pool;
}

/**
 * Connections for what somebody waits for after each key: a statement is sent without waiting for the answer to the one
 * before (PostgreSQL manual, "Pipelining"). Few, so that each has the plans at hand.
 */
export function quickPool(): pg.Pool {
  return held().quick;
}

/** Connections for uploads, which hold one each for as long as somebody's line takes. Others wait; pages do not. */
export function uploadPool(): pg.Pool {
  return held().uploads;
}

export async function disconnect(): Promise<void> {
  const current = holder.__countersignDb;
  if (!current) return;
  holder.__countersignDb = undefined;
  await current.client?.$disconnect();
  await Promise.all([current.pool.end(), current.quick.end(), current.uploads.end()]);
}
