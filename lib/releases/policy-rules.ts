/** Who makes a proposed version of a policy usable. Pure; docs/decisions/0011 says why. */

/** Different people who must approve a change. */
export const approvalsNeeded = 2;

export type Proposers = {
  /** Who proposed it; null: a token that is nobody's. */
  proposedById: number | null;
  /** Who made the token it was proposed with, and so may be behind it as well. */
  tokenMadeById: number | null;
};

export type ProposalState = "open" | "approved" | "rejected" | "withdrawn" | "outdated";

/** With three or more people who may approve, two others do; with fewer, the proposer may be one of the two. */
export function proposerCounts(entitled: readonly number[]): boolean {
  return entitled.length <= approvalsNeeded;
}

export function isProposer(userId: number, { proposedById, tokenMadeById }: Proposers): boolean {
  return userId === proposedById || userId === tokenMadeById;
}

/** How many approvals count: of different people who may approve now. */
export function countApprovals(
  approvedBy: readonly (number | null)[],
  entitled: readonly number[],
  proposers: Proposers,
): number {
  const counting = entitled.filter((userId) => proposerCounts(entitled) || !isProposer(userId, proposers));
  return new Set(approvedBy.filter((userId) => userId !== null && counting.includes(userId))).size;
}

/** Why this person may not approve, or null. */
export function whyNotApprove(
  userId: number,
  given: { entitled: readonly number[]; proposers: Proposers; approvedBy: readonly (number | null)[] },
): string | null {
  const { entitled, proposers, approvedBy } = given;
  if (!entitled.includes(userId)) return "Approving needs the role release manager or administrator in this project.";
  if (isProposer(userId, proposers) && !proposerCounts(entitled)) {
    return userId === proposers.proposedById
      ? "You proposed this, so two others must approve it."
      : "You made the token that this was proposed with, so two others must approve it.";
  }
  if (approvedBy.includes(userId)) return "You approved this already. It needs somebody else.";
  return null;
}

/** How a proposal stands. What became a version, was ended, or was written from a version that is not the newest is not open. */
export function proposalState({
  version,
  acts,
  baseNumber,
  newest,
}: {
  /** The version that it became. */
  version: number | null;
  acts: readonly { kind: "approve" | "reject" | "withdraw" }[];
  baseNumber: number | null;
  /** The newest version of the policy. */
  newest: number | null;
}): ProposalState {
  if (version !== null) return "approved";
  if (acts.some(({ kind }) => kind === "reject")) return "rejected";
  if (acts.some(({ kind }) => kind === "withdraw")) return "withdrawn";
  return baseNumber === newest ? "open" : "outdated";
}
