import { rowId } from "@/app/_row-id";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { exportSentinels } from "@/lib/sentinels/commands";

/** The sentinels for people to download; programs take them from the REST interface. */
export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }) {
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };
  const actor = await currentActor();
  if (!actor) return new Response("Sign in first.\n", { status: 401, headers });
  const { id } = await params;
  try {
    const lines = await exportSentinels(actor, rowId(id));
    return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(""), {
      headers: {
        ...headers,
        "content-type": "application/jsonl; charset=utf-8",
        "content-disposition": `attachment; filename="sentinels-${rowId(id)}.jsonl"`,
      },
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers });
  }
}
