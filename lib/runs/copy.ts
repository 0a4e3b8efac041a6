import { finished } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PoolClient } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { type CopyField, copyLine } from "./copy-text";

/** So much goes to the database at once: enough that a statement costs nothing, little enough for the memory. */
const pieceBytes = 2 * 1024 * 1024;
const mostUnderWay = 8;

/** COPY text of one table, as the bytes that are sent. */
class Piece<Table extends string> {
  private buffer: Buffer = Buffer.allocUnsafeSlow(pieceBytes * 1.25);
  bytes = 0;

  constructor(
    readonly table: Table,
    readonly statement: string,
  ) {}

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
 * Rows of one connection's transaction on their way into their tables: COPY text that is sent a piece at a time, while the
 * next ones are being made. Nothing else may be asked of the connection before `settled`.
 */
export class Copies<Table extends string> {
  private readonly pieces = new Map<Table, Piece<Table>>();
  /** The pieces under way, each sent when the one before it is stored. */
  private readonly underWay: Promise<void>[] = [];
  /** How many rows the database says that it stored. */
  readonly stored: Partial<Record<Table, number>> = {};
  /** Memory of pieces that were stored, to be used again. */
  private readonly free: Buffer[] = [];

  constructor(
    private readonly client: PoolClient,
    private readonly columns: Record<Table, string>,
  ) {}

  add(table: Table, values: readonly CopyField[]): void {
    let piece = this.pieces.get(table);
    if (!piece) {
      piece = new Piece(table, `COPY ${table} (${this.columns[table]}) FROM STDIN`);
      this.pieces.set(table, piece);
    }
    piece.add(copyLine(values));
  }

  /** Sends what is a whole piece; waits only while more is under way than the memory should hold. */
  async drained(): Promise<void> {
    for (const piece of this.pieces.values()) if (piece.bytes >= pieceBytes) this.send(piece);
    // For one to be stored, not for all: the database has the next one at hand then.
    if (this.underWay.length >= mostUnderWay) await this.underWay[0];
    // The connection takes a part at a time, and the next one only between two turns: the database would wait for it.
    else if (this.underWay.length > 0) await nextTurn();
  }

  /** Sends the rest, and waits until the database has everything. */
  async flushed(): Promise<void> {
    for (const piece of this.pieces.values()) if (piece.bytes > 0) this.send(piece);
    await this.settled();
  }

  /** The connection is free. Throws what the database said of the rows that were sent. */
  async settled(): Promise<void> {
    await this.underWay.at(-1);
  }

  private send(piece: Piece<Table>): void {
    const bytes = piece.take(this.free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes * 1.25));
    const sent = this.settled().then(async () => {
      const stream = this.client.query(copyFrom(piece.statement));
      stream.end(bytes);
      await finished(stream);
      this.stored[piece.table] = (this.stored[piece.table] ?? 0) + stream.rowCount;
      if (bytes.buffer.byteLength <= 2 * pieceBytes) this.free.push(Buffer.from(bytes.buffer));
      this.underWay.shift();
    });
    this.underWay.push(sent);
    // Whoever waits for it next hears of a failure.
    sent.catch(() => {});
  }
}
