import { readFileSync } from "node:fs";
import path from "node:path";
import { ZodError } from "zod";
import { disconnect } from "../db/client";
import { Fault } from "../errors";
import { CliError } from "./connection";

/** The address of this machine's database: as its owner, or as the application connects. */
export function databaseUrlIn(folder: string, name: "database-url" | "app-database-url"): string {
  try {
    return readFileSync(path.join(folder, name), "utf8").trim();
  } catch {
    throw new CliError(3, `No database is known: start the server with \`npm start\`. (Nothing is in ${folder}.)`);
  }
}

/** Runs an operation of the application on this machine's database, and ends with the exit code that its failure has. */
export async function withOwnDatabase(folder: string, work: () => Promise<void>): Promise<void> {
  process.env.DATABASE_URL = databaseUrlIn(folder, "app-database-url");
  try {
    await work();
  } catch (error) {
    if (error instanceof ZodError) throw new CliError(2, error.issues[0]?.message ?? error.message);
    if (error instanceof Fault) throw new CliError(error.code === "invalid" ? 2 : 1, error.message);
    throw new CliError(3, (error as Error).message);
  } finally {
    await disconnect();
  }
}
