import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { findCases } from "@/lib/releases/find-cases";

const headers = { "cache-control": "private, no-store" };

/** What the palette can't know before something is typed: cases by their key. */
export async function GET(request: Request): Promise<Response> {
  try {
    const actor = await currentActor();
    if (!actor) throw new Fault("not_signed_in", "You are signed out. Sign in again.");
    const cases = await findCases(actor, new URL(request.url).searchParams.get("q") ?? "");
    const entries = cases.map(({ key, caseId, releaseId, release }) => ({
      group: "Cases",
      label: key,
      of: release,
      to: `/releases/${releaseId}/cases/${caseId}`,
    }));
    return Response.json({ entries }, { headers });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return Response.json({ message: error.message }, { status: httpStatus[error.code], headers });
  }
}
