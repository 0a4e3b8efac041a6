import { getPolicy } from "@/lib/releases/policy-queries";
import { rest } from "../../_rest";
import { proposalBody } from "../_proposal";

export const GET = rest(async ({ actor, params }) => {
  const { key, versions, proposals } = await getPolicy(actor, params.key ?? "");
  return {
    body: {
      key,
      versions: versions.map(({ document: _, stored: __, ...version }) => version),
      proposals: proposals.map(proposalBody),
    },
  };
});
