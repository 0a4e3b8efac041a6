import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { ZodError } from "zod";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { startImport } from "@/lib/runs/commands";
import { importOptionsSchema } from "@/lib/runs/schema";

const headers = { "cache-control": "private, no-store" };

/** The upload of the import page: the file as the body, so that it streams. */
export async function POST(request: Request): Promise<Response> {
  try {
    const site = request.headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin")
      throw new Fault("forbidden", "Only Countersign's own pages may upload here.");
    const actor = await currentActor();
    if (!actor) throw new Fault("not_signed_in", "You are signed out. Sign in and upload again.");
    const input = importOptionsSchema.parse(Object.fromEntries(new URL(request.url).searchParams));
    if (!request.body) throw new Fault("invalid", "No file was sent.");
    const { id } = await startImport({ actor, input, body: Readable.fromWeb(request.body as ReadableStream) });
    return Response.json({ id }, { status: 202, headers });
  } catch (error) {
    if (error instanceof Fault)
      return Response.json({ message: error.message }, { status: httpStatus[error.code], headers });
    if (error instanceof ZodError)
      return Response.json({ message: error.issues[0]?.message ?? "Not valid." }, { status: 422, headers });
    throw error;
  }
}
