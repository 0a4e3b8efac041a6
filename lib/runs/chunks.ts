import type { PoolClient } from "pg";
import { to as copyTo } from "pg-copy-streams";

const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** After the signature come four bytes of flags and four with the length of an extension, of which there is none. */
const headerBytes = signature.length + 8;

/**
 * The bytes of an upload, as they come: by COPY in its binary form (PostgreSQL manual, COPY, "Binary Format"), because a
 * query's rows hold bytes as twice as many hex digits.
 */
export async function* uploadedBytes(client: PoolClient, importId: number): AsyncGenerator<Buffer> {
  const stream = client.query(
    copyTo(
      `COPY (SELECT bytes FROM import_chunk WHERE import_id = ${Number(importId)} ORDER BY index) TO STDOUT (FORMAT binary)`,
    ),
  );
  let head: Buffer = Buffer.alloc(0);
  let [begun, ended] = [false, false];
  /** Of the value that is being read. */
  let left = 0;
  try {
    for await (const received of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      let chunk = received;
      while (chunk.length > 0 && !ended) {
        if (left > 0) {
          const taken = chunk.subarray(0, left);
          left -= taken.length;
          chunk = chunk.subarray(taken.length);
          yield taken;
          continue;
        }
        // Small parts may be cut anywhere: they are put together first.
        head = Buffer.concat([head, chunk]);
        chunk = Buffer.alloc(0);
        if (!begun) {
          if (head.length < headerBytes) continue;
          if (!head.subarray(0, signature.length).equals(signature)) throw new Error("This is not COPY's binary form.");
          head = head.subarray(headerBytes);
          begun = true;
        }
        // A row: how many values it has, -1 at the end of all; then its one value's length.
        if (head.length >= 2 && head.readInt16BE(0) === -1) ended = true;
        else if (head.length >= 6) {
          left = head.readInt32BE(2);
          chunk = head.subarray(6);
          head = Buffer.alloc(0);
        }
      }
    }
  } finally {
    // Whoever has had enough of it leaves the connection to what comes next: that is behind the rest.
    stream.on("error", () => {}).resume();
  }
  if (!ended) throw new Error("The upload was cut short on its way from the database.");
}
