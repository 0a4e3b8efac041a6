import { rowId } from "@/app/_row-id";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { redactionsOf } from "@/lib/privacy/queries";
import { caseFilterSchema } from "@/lib/releases/case-filter";
import { besideCase, getCase, inParts } from "@/lib/releases/cases";

import { withoutVersion } from "../../_components/removals";

const headers = { "cache-control": "private, no-store" };

type Props = { params: Promise<{ id: string; case: string }> };

/** One case for the drawer; with `beside`, the cases before and after it under the filters of the address too. */
export async function GET(request: Request, { params }: Props): Promise<Response> {
  try {
    const actor = await currentActor();
    if (!actor) throw new Fault("not_signed_in", "You are signed out. Sign in again.");
    const { id, case: caseId } = await params;
    const [releaseId, number] = [rowId(id), rowId(caseId)];
    const given = Object.fromEntries(new URL(request.url).searchParams);
    const filter = caseFilterSchema.parse(given);
    const beside = (direction: "before" | "after") =>
      given.beside === undefined ? null : besideCase(actor, releaseId, filter, { case: number, direction });
    const [detail, removals, before, after] = await Promise.all([
      getCase(actor, releaseId, number),
      redactionsOf(actor, number),
      beside("before"),
      beside("after"),
    ]);
    const told = detail.hidden ? removals.map(withoutVersion) : removals;
    return Response.json({ detail: inParts(detail), removals: told, before, after }, { headers });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return Response.json({ message: error.message }, { status: httpStatus[error.code], headers });
  }
}
