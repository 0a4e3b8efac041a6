import { exportDecision } from "@/lib/audit/decisions";
import { decisionIdSchema } from "@/lib/audit/schema";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";

const plain = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };

/** The exported decision for people; programs take it from the REST interface. */
export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const actor = await currentActor();
  if (!actor) return new Response("Sign in first.\n", { status: 401, headers: plain });
  const id = decisionIdSchema.safeParse((await params).id);
  if (!id.success)
    return new Response("The decision was not found in this project.\n", { status: 404, headers: plain });
  try {
    const { name, bytes } = await exportDecision({ actor, id: id.data });
    const disposition = { "content-type": "application/zip", "content-disposition": `attachment; filename="${name}"` };
    return new Response(new Uint8Array(bytes), { headers: { ...plain, ...disposition } });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers: plain });
  }
}
