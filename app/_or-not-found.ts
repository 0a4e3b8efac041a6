import { notFound } from "next/navigation";
import { Fault } from "@/lib/errors";

/** What the work gives, or the page for what is not there. */
export async function orNotFound<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  }
}
