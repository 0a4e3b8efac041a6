import { notFound } from "next/navigation";
import { Fault } from "@/lib/errors";

/** A part of the path as it was before encoding; what was never encoded properly is no address of ours. */
export function readPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    notFound();
  }
}

export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  }
}

/** The first value of a query parameter. */
export function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
