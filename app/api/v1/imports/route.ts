import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { Fault } from "@/lib/errors";
import { startImport } from "@/lib/runs/commands";
import { importOptionsSchema } from "@/lib/runs/schema";
import { rest } from "../_rest";

/** The body is the file itself, streamed: it is never held in memory. The same file again changes nothing, key or not. */
export const POST = rest(
  async ({ actor, request, url }) => {
    const input = importOptionsSchema.parse(Object.fromEntries(url.searchParams));
    if (!request.body) throw new Fault("invalid", "Send the file as the body.");
    const { id } = await startImport({ actor, input, body: Readable.fromWeb(request.body as ReadableStream) });
    return { status: 202, body: { id: String(id) }, headers: { location: `/api/v1/imports/${id}` } };
  },
  { replays: false },
);
