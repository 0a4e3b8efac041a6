import type { Prisma } from "../db/generated/client";

/** Labels that only an approved release can move. */
export const protectedLabels: readonly string[] = ["production"];

/** Releases whose approval holds at this moment: one that needed a waiver ends with it. */
export const approvalHolds = (): Prisma.ReleaseWhereInput => ({
  state: "approved",
  OR: [{ decision: null }, { decision: { waivedUntil: null } }, { decision: { waivedUntil: { gt: new Date() } } }],
});
