import { notFound } from "next/navigation";
import { cache } from "react";
import { orNotFound } from "@/app/_or-not-found";
import { requireActor } from "@/lib/auth/session";
import { getBrief } from "@/lib/releases/brief";
import { getRelease } from "@/lib/releases/queries";
import { whoElseMaySign, whyMayNotSign } from "@/lib/releases/sign-off";

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

/** Why whoever looks may not sign, and who may then; null: they may. */
export const loadWhyNot = cache(async (id: string) => {
  const actor = await requireActor();
  const releaseId = readReleaseId(id);
  const why = await orNotFound(whyMayNotSign(actor, releaseId));
  return why === null ? null : { why, others: await whoElseMaySign(actor, releaseId) };
});

export const loadBrief = cache(async (id: string) => {
  const actor = await requireActor();
  return orNotFound(getBrief(actor, readReleaseId(id)));
});
