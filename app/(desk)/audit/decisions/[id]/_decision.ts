import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { Fault } from "@/lib/errors";

/** The id of a decision in the address, or the page for what is not there. */
export function decisionId(id: string): number {
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound();
  return rowId(id);
}

export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  }
}
