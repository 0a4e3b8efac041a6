import type { Tx } from "../db/transaction";
import type { GivenWaiver } from "./schema";

/** A waiver and who gave it with their signature. */
export type WaiverOn = GivenWaiver & { by: string };

/** Waivers of the approvals that count on an evidence, ended ones too. */
export async function waiversOn(tx: Tx, releaseId: number, digest: string): Promise<WaiverOn[]> {
  const rows = await tx.signOff.findMany({
    where: { releaseId, evidenceDigest: digest, decision: "approve", withdrawal: null },
    select: { printedName: true, waivers: true },
    orderBy: { id: "asc" },
  });
  return rows.flatMap(({ printedName, waivers }) =>
    (JSON.parse(waivers) as GivenWaiver[]).map((waiver) => ({ ...waiver, by: printedName })),
  );
}
