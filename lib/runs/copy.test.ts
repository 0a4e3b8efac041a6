import { Writable } from "node:stream";
import type { PoolClient } from "pg";
import { expect, it } from "vitest";
import { Copies } from "./copy";

/** What pg tells a COPY, and is not in its types. */
type Told = {
  submit: (connection: unknown) => void;
  handleCopyInResponse: (connection: unknown) => void;
  handleCommandComplete: (told: { text: string }) => void;
  handleReadyForQuery: () => void;
};

/** A connection over a line that holds the first few short parts for a while: they are sent as their memory is then. */
function slowLine() {
  const sent: Buffer[] = [];
  let held = 0;
  let copy: Told;
  const stream = new Writable({
    highWaterMark: 16 * 1024,
    write(chunk: Buffer, _encoding, done) {
      const send = () => {
        sent.push(Buffer.from(chunk));
        done();
        if (chunk.length === 5 && chunk[0] === "c".charCodeAt(0)) {
          copy.handleCommandComplete({ text: "COPY 0" });
          copy.handleReadyForQuery();
        }
      };
      if (chunk.length > 5 && chunk.length < 16 * 1024 && held++ < 3) setTimeout(send, 400);
      else send();
    },
  });
  const connection = { stream, query: () => setImmediate(() => copy.handleCopyInResponse(connection)) };
  const query = (asked: Told) => {
    copy = asked;
    copy.submit(connection);
    return copy;
  };
  return {
    client: { query, connection } as unknown as PoolClient,
    sent: () => Buffer.concat(sent.filter((part) => part.length > 5)),
  };
}

it("sends what was added, however long the connection keeps it waiting", async () => {
  const line = slowLine();
  const copies = new Copies(line.client, { output: "id, said" });
  const said = "word ".repeat(40);
  const rows = Array.from({ length: 60_000 }, (_, id) => [id, `${id} ${said}`] as const);
  for (const row of rows) {
    copies.add("output", row);
    await copies.drained();
  }
  await copies.flushed();
  const whole = rows.map(([id, text]) => `${id}\t${text}\n`).join("");
  expect(line.sent().equals(Buffer.from(whole))).toBe(true);
});
