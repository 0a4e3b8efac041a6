import type { Readable } from "node:stream";
import { appendAudit } from "../audit/append";
import { type Actor, actorName, personOf } from "../auth/actor";
import { permit } from "../auth/permit";
import { uploadPool } from "../db/client";
import { rawQueries } from "../db/transaction";
import { Fault } from "../errors";
import { expectWork } from "../jobs/wake";
import type { ImportOptions } from "./schema";

const chunkBytes = 1024 * 1024;
const largestUpload = 8 * 1024 ** 3;
const longestSilenceMs = 60_000;

/** Gives up when nothing came for a minute: an upload that stands still would keep its connection from others. */
async function* withoutSilence(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      const fault = new Fault("invalid", "The upload stood still for a minute and was given up. Nothing was kept.");
      timer = setTimeout(() => reject(fault), longestSilenceMs);
    });
    try {
      const { done, value } = await Promise.race([source.next(), silence]);
      if (done) return;
      yield value;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Cuts a stream into pieces of one size. */
async function* piecesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    size += chunk.byteLength;
    if (size < chunkBytes) continue;
    const whole = Buffer.concat(held);
    let from = 0;
    for (; whole.length - from >= chunkBytes; from += chunkBytes) yield whole.subarray(from, from + chunkBytes);
    held = from < whole.length ? [whole.subarray(from)] : [];
    size = whole.length - from;
  }
  if (size > 0) yield Buffer.concat(held);
}

/**
 * Keeps an uploaded source and queues its import. One transaction: an upload that breaks off leaves nothing.
 *
 * @throws Fault `too_large` above 8 GB, `invalid` when nothing was sent
 */
export async function startImport({
  actor,
  input,
  body,
}: {
  actor: Actor;
  input: ImportOptions;
  body: Readable | AsyncIterable<Uint8Array>;
}): Promise<{ id: number }> {
  permit(actor, "import.create");
  const client = await uploadPool().connect();
  const incoming = expectWork();
  let queued: number | null = null;
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO import (project_id, format, file_name, prompt_name, dataset_name, byte_size, created_by_id, created_by)
       VALUES ($1, $2, $3, $4, $5, 0, $6, $7) RETURNING id`,
      [
        actor.projectId,
        input.format,
        input.fileName,
        input.prompt ?? null,
        input.dataset ?? null,
        personOf(actor),
        actorName(actor),
      ],
    );
    const { id } = rows[0]!;
    let index = 0;
    let bytes = 0;
    for await (const piece of piecesOf(withoutSilence(body as AsyncIterable<Uint8Array>))) {
      bytes += piece.length;
      if (bytes > largestUpload) throw new Fault("too_large", "An upload holds at most 8 GB. Split the source.");
      const kept = client.query("INSERT INTO import_chunk (import_id, index, bytes) VALUES ($1, $2, $3)", [
        id,
        index++,
        piece,
      ]);
      await Promise.all([kept, incoming.take(piece)]);
    }
    if (bytes === 0) throw new Fault("invalid", "The file is empty: nothing was sent.", { file: input.fileName });
    await client.query("UPDATE import SET byte_size = $2 WHERE id = $1", [id, bytes]);
    await appendAudit(rawQueries(client), actor, {
      action: "import.started",
      subject: { kind: "import", id: String(id), name: input.fileName },
      details: { format: input.format, bytes },
    });
    await client.query("COMMIT");
    queued = id;
    return { id };
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    // A connection whose transaction may hang half way is thrown away rather than used again.
    client.release(broken && !(broken instanceof Fault) ? broken : undefined);
    incoming.end(queued);
  }
}
