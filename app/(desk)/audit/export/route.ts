import { ZodError, z } from "zod";
import { exportAudit } from "@/lib/audit/search";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { streamOf } from "../../_stream";

const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };
const types = { csv: "text/csv; charset=utf-8", jsonl: "application/jsonl; charset=utf-8" };

/** The entries under the filters of the address as a file that is sent while it is read. */
export async function GET(request: Request): Promise<Response> {
  try {
    if (request.headers.get("sec-fetch-site") === "cross-site")
      throw new Fault("forbidden", "Only Countersign's own pages may ask this.");
    const actor = await currentActor();
    if (!actor) return new Response("Sign in first.\n", { status: 401, headers });
    const filter = Object.fromEntries(new URL(request.url).searchParams);
    const format = z.enum(["csv", "jsonl"]).parse(filter.format);
    const pieces = await exportAudit({ actor, input: { format, filter } });
    return new Response(streamOf(pieces), {
      headers: {
        ...headers,
        "content-type": types[format],
        "content-disposition": `attachment; filename="audit-log.${format}"`,
      },
    });
  } catch (error) {
    if (error instanceof ZodError)
      return new Response("Ask for format=csv or format=jsonl, with the filters of the audit page.\n", {
        status: 422,
        headers,
      });
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers });
  }
}
