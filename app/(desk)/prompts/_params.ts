import { notFound } from "next/navigation";

/** A part of the path as it was before encoding; what was never encoded properly is no address of ours. */
export function readPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    notFound();
  }
}

/** The first value of a query parameter. */
export function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
