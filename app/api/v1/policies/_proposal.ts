import type { ProposalRow } from "@/lib/releases/policy-queries";

/** A proposal as REST gives it: the document as it is stored, so that the digest is its own. */
export function proposalBody({ stored, proposedById: _, tokenMadeById: __, acts, ...row }: ProposalRow) {
  const told = acts.map(({ userId: _, ...act }) => act);
  return { ...row, acts: told, document: JSON.parse(stored) as unknown };
}
