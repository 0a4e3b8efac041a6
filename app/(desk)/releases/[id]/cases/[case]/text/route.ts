import { rowId } from "@/app/_row-id";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { answerInParts } from "@/lib/parts";
import { caseText, caseTexts } from "@/lib/releases/cases";

type Props = { params: Promise<{ id: string; case: string }> };

/** What the page did not get of a text that is long. */
export async function GET(request: Request, { params }: Props): Promise<Response> {
  try {
    const actor = await currentActor();
    if (!actor) throw new Fault("not_signed_in", "You are signed out. Sign in again.");
    const { id, case: caseId } = await params;
    const asked = new URL(request.url).searchParams;
    const of = caseTexts.find((name) => name === asked.get("of"));
    if (!of) throw new Fault("invalid", "Say which text of the case.", { field: "of" });
    return answerInParts(await caseText(actor, rowId(id), rowId(caseId), of), asked);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const headers = { "cache-control": "private, no-store" };
    return Response.json({ message: error.message }, { status: httpStatus[error.code], headers });
  }
}
