import { notFound } from "next/navigation";
import { cache } from "react";
import { orNotFound } from "@/app/_or-not-found";
import { requireActor } from "@/lib/auth/session";
import { getBrief } from "@/lib/releases/brief";
import { getRelease } from "@/lib/releases/queries";

/** The release's id in the path; anything else was never a release. */
export function readReleaseId(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) notFound();
  return Number(text);
}

/** One read for the layout and the page of a request. */
export const loadRelease = cache(async (id: string) => {
  const actor = await requireActor();
  return { actor, release: await orNotFound(getRelease(actor, readReleaseId(id))) };
});

export const loadBrief = cache(async (id: string) => {
  const actor = await requireActor();
  return orNotFound(getBrief(actor, readReleaseId(id)));
});
