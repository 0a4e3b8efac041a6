import { notFound } from "@/lib/errors";

/** A release's id from the path; what is no id was never a release. */
export function releaseId(params: Record<string, string>): number {
  const id = params.id ?? "";
  if (!/^[1-9]\d{0,8}$/.test(id)) throw notFound("The release");
  return Number(id);
}
