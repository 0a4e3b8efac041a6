import { rowId } from "@/app/_row-id";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { getImport } from "@/lib/runs/queries";

const headers = { "cache-control": "private, no-store" };

/** How far an import is, for the page that waits for it. */
export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const actor = await currentActor();
  if (!actor) return Response.json({ message: "You are signed out." }, { status: 401, headers });
  try {
    const { state, phase, progress } = await getImport(actor, rowId((await params).id));
    return Response.json({ state, phase, progress }, { headers });
  } catch (error) {
    if (error instanceof Fault)
      return Response.json({ message: error.message }, { status: httpStatus[error.code], headers });
    throw error;
  }
}
