import { finished } from "node:stream/promises";
import type { PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { type CopyField, copyLine } from "./copy-text";

/** So much goes to the database at once: enough that a statement costs nothing, little enough for the memory. */
const pieceBytes = 1024 * 1024;

/** COPY text of one table, as the bytes that are sent. */
class Piece {
  private buffer: Buffer = Buffer.allocUnsafeSlow(pieceBytes * 1.25);
  bytes = 0;

  constructor(readonly statement: string) {}

  add(line: string): void {
    // A unit of a string is at most three bytes of UTF-8.
    const most = this.bytes + line.length * 3;
    if (most > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(most);
      this.buffer.copy(larger, 0, 0, this.bytes);
      this.buffer = larger;
    }
    this.bytes += this.buffer.write(line, this.bytes, "utf8");
  }

  take(next: Buffer): Buffer {
    const taken = this.buffer.subarray(0, this.bytes);
    this.buffer = next;
    this.bytes = 0;
    return taken;
  }
}

/**
 * Rows of one connection's transaction on their way into their tables: COPY text that is sent a piece at a time, one piece
 * while the next is being made. Nothing else may be asked of the connection before `settled`.
 */
export class Copies<Table extends string> {
  private readonly pieces = new Map<Table, Piece>();
  private sending: Promise<void> = Promise.resolve();
  /** What was sent last; its memory is used again once the database has it. */
  private sent: Buffer | undefined;

  constructor(
    private readonly client: PoolClient,
    private readonly columns: Record<Table, string>,
  ) {}

  add(table: Table, values: readonly CopyField[]): void {
    let piece = this.pieces.get(table);
    if (!piece) {
      piece = new Piece(`COPY ${table} (${this.columns[table]}) FROM STDIN`);
      this.pieces.set(table, piece);
    }
    piece.add(copyLine(values));
  }

  /** Sends what is a whole piece; waits no longer than the piece before it takes. */
  async drained(): Promise<void> {
    for (const piece of this.pieces.values()) if (piece.bytes >= pieceBytes) await this.send(piece);
  }

  /** Sends the rest, and waits until the database has everything. */
  async flushed(): Promise<void> {
    for (const piece of this.pieces.values()) if (piece.bytes > 0) await this.send(piece);
    await this.sending;
  }

  /** The connection is free. Throws what the database said of the rows that were sent. */
  async settled(): Promise<void> {
    await this.sending;
  }

  private async send(piece: Piece): Promise<void> {
    await this.sending;
    const usable = this.sent && this.sent.buffer.byteLength <= 2 * pieceBytes ? Buffer.from(this.sent.buffer) : null;
    this.sent = piece.take(usable ?? Buffer.allocUnsafeSlow(pieceBytes * 1.25));
    const stream = this.client.query(copyFrom(piece.statement));
    stream.end(this.sent);
    this.sending = finished(stream);
    // Whoever waits for it next hears of a failure.
    this.sending.catch(() => {});
  }
}
