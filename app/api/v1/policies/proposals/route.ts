import { z } from "zod";
import { listProposals } from "@/lib/releases/policy-queries";
import { rest } from "../../_rest";
import { proposalBody } from "../_proposal";

const query = z.object({ state: z.enum(["open", "approved", "rejected", "withdrawn", "outdated"]).optional() });

export const GET = rest(async ({ actor, url }) => {
  const proposals = await listProposals(actor, query.parse(Object.fromEntries(url.searchParams)));
  return { body: { proposals: proposals.map(proposalBody) } };
});
