import { rowId } from "@/app/_row-id";
import { getProposal } from "@/lib/releases/policy-queries";
import { rest } from "../../../_rest";
import { proposalBody } from "../../_proposal";

export const GET = rest(async ({ actor, params }) => {
  const { base: _, entitled: __, proposerCounts: ___, ...proposal } = await getProposal(actor, rowId(params.id));
  return { body: proposalBody(proposal) };
});
