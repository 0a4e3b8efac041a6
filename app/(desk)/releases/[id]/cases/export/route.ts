import { ZodError } from "zod";
import { rowId } from "@/app/_row-id";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { exportCases, exportSchema } from "@/lib/releases/case-export";
import { caseFilterSchema } from "@/lib/releases/case-filter";
import { streamOf } from "../../../../_stream";

const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };
const types = { csv: "text/csv; charset=utf-8", jsonl: "application/jsonl; charset=utf-8" };

/** The cases under the filters of the address, or those of `ids`, as a file that is sent while it is read. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const site = request.headers.get("sec-fetch-site");
    if (site === "cross-site") throw new Fault("forbidden", "Only Countersign's own pages may ask this.");
    const actor = await currentActor();
    if (!actor) return new Response("Sign in first.\n", { status: 401, headers });
    const releaseId = rowId((await params).id);
    const given = Object.fromEntries([...new URL(request.url).searchParams].filter(([, value]) => value !== ""));
    const { format, ids } = exportSchema.parse({ format: given.format, ids: given.ids?.split(",").map(Number) });
    const pieces = await exportCases({
      actor,
      input: { releaseId, format, ids, filter: caseFilterSchema.parse(given) },
    });
    return new Response(streamOf(pieces), {
      headers: {
        ...headers,
        "content-type": types[format],
        "content-disposition": `attachment; filename="cases-of-release-${releaseId}.${format}"`,
      },
    });
  } catch (error) {
    if (error instanceof ZodError)
      return new Response("Ask for format=csv or format=jsonl, and at most 1000 ids.\n", { status: 422, headers });
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers });
  }
}
