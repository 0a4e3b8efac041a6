import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";

/** The id of a decision in the address, or the page for what is not there. */
export function decisionId(id: string): number {
  if (!/^[1-9]\d{0,8}$/.test(id)) notFound();
  return rowId(id);
}
