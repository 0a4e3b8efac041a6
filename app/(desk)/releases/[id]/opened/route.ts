import { ZodError } from "zod";
import { rowId } from "@/app/_row-id";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { openingSchema, recordOpening } from "@/lib/releases/opened";

const headers = { "cache-control": "private, no-store" };

/** What a page tells once it is shown: this part of the evidence was opened. From this site's own pages only. */
export async function POST(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const site = request.headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin")
      throw new Fault("forbidden", "Only Countersign's own pages may ask this.");
    const actor = await currentActor();
    if (!actor) throw new Fault("not_signed_in", "You are signed out. Sign in again.");
    const releaseId = rowId((await params).id);
    const input = openingSchema.parse(await request.json());
    return Response.json(await recordOpening({ actor, input: { ...input, releaseId } }), { headers });
  } catch (error) {
    if (error instanceof ZodError || error instanceof SyntaxError)
      return Response.json({ message: "The request is not valid." }, { status: 422, headers });
    if (!(error instanceof Fault)) throw error;
    return Response.json({ message: error.message }, { status: httpStatus[error.code], headers });
  }
}
