import { countCases, getLedger, type LedgerCases } from "@/lib/review/ledger";
import { rest } from "../../../_rest";
import { releaseId } from "../../_id";

const counted = ({ helped, hurt }: LedgerCases) => ({
  helped: { count: countCases(helped), cases: helped.map(shown) },
  hurt: { count: countCases(hurt), cases: hurt.map(shown) },
});

function shown({ case: key, slice, criterion, by, of }: LedgerCases["helped"][number]) {
  return { case: key, ...(slice !== null && { slice }), criterion, by, of };
}

export const GET = rest(async ({ actor, params }) => {
  const { baseline, candidate, known, exact, hunks, none, open } = await getLedger(actor, releaseId(params));
  return {
    body: {
      baseline,
      candidate,
      textKnown: known,
      exact,
      hunks: hunks.map(({ helped, hurt, ...hunk }) => ({ ...hunk, ...counted({ helped, hurt }) })),
      none: counted(none),
      unattributed: counted(open),
    },
  };
});
