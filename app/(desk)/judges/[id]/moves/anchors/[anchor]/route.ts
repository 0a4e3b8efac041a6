import { rowId } from "@/app/_row-id";
import { jsonLines } from "@/app/api/v1/judges/_anchors";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { exportAnchor } from "@/lib/judges/anchors";

/** An anchor set for people to download; programs take it from the REST interface. */
export async function GET(_request: Request, { params }: { params: Promise<{ id: string; anchor: string }> }) {
  const plain = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };
  const actor = await currentActor();
  if (!actor) return new Response("Sign in first.\n", { status: 401, headers: plain });
  const { id, anchor } = await params;
  try {
    return jsonLines(await exportAnchor(actor, rowId(id), rowId(anchor)), `anchor-${anchor}.jsonl`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers: plain });
  }
}
