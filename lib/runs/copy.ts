import { finished } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PoolClient } from "pg";
import { type CopyStreamQuery, from as copyFrom } from "pg-copy-streams";
import { type CopyField, copyLine } from "./copy-text";

/** So much goes to the database at once: enough that a statement costs nothing, little enough for the memory. */
const pieceBytes = 512 * 1024;
const mostUnderWay = 32;
/** The database waits for the whole of a message before it looks at it. */
const messageBytes = 256 * 1024;

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

/** A COPY statement that is under way. */
class Copy {
  private readonly stream: CopyStreamQuery;
  /** Rejects with what the database said, whenever it says it. */
  private readonly ended: Promise<void>;

  constructor(client: PoolClient, statement: string) {
    this.stream = client.query(copyFrom(statement));
    this.ended = finished(this.stream);
    this.ended.catch(() => {});
  }

  /** Resolves when the connection has taken the bytes. */
  async write(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; from += messageBytes) {
      const part = bytes.subarray(from, from + messageBytes);
      // After an error nothing is called back.
      await Promise.race([new Promise<void>((taken) => this.stream.write(part, () => taken())), this.ended]);
    }
  }

  /** How many rows the database says that it stored. */
  async end(): Promise<number> {
    this.stream.end();
    await this.ended;
    return this.stream.rowCount;
  }
}

/**
 * Rows of one connection's transaction on their way into their tables: COPY text that is sent a piece at a time, while the
 * next ones are being made; pieces of one table that come after each other are one COPY. Nothing else may be asked of the
 * connection before `settled`, which is so after a failure too.
 */
export class Copies<Table extends string> {
  private readonly pieces = new Map<Table, Piece<Table>>();
  private copy: { table: Table; of: Copy } | null = null;
  /** The pieces under way, each sent when the connection has taken the one before it. */
  private readonly underWay: Promise<void>[] = [];
  /** The last of what was asked of the connection here. */
  private last: Promise<void> = Promise.resolve();
  /** How many rows the database says that it stored. */
  readonly stored: Partial<Record<Table, number>> = {};
  /** Memory of pieces that were sent, to be used again. */
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
    // For one to be taken, not for all: the database has the next one at hand then.
    if (this.underWay.length >= mostUnderWay) await this.underWay[0];
    // The connection takes a part at a time, and the next one only between two turns: the database would wait for it.
    else if (this.underWay.length > 0) await nextTurn();
  }

  /** Sends the rest, and waits until the database has everything. */
  async flushed(): Promise<void> {
    for (const piece of this.pieces.values()) if (piece.bytes > 0) this.send(piece);
    await this.settled();
  }

  /** The connection is free, and the database has what was sent. Throws what it said of the rows. */
  async settled(): Promise<void> {
    await this.next(() => this.endCopy());
  }

  private next(what: () => Promise<void>): Promise<void> {
    this.last = this.last.then(what);
    // Whoever waits for it next hears of a failure.
    this.last.catch(() => {});
    return this.last;
  }

  private async endCopy(): Promise<void> {
    if (!this.copy) return;
    const { table, of } = this.copy;
    this.copy = null;
    this.stored[table] = (this.stored[table] ?? 0) + (await of.end());
  }

  /**
   * The connection has taken the bytes, but may hold the last of them until the database reads on: only when what is written
   * behind them, which is nothing, has left it, nobody reads that memory any more.
   */
  private freeWhenSent(memory: ArrayBuffer): void {
    this.client.connection.stream.write(Buffer.alloc(0), (error) => {
      if (!error) this.free.push(Buffer.from(memory));
    });
  }

  private send(piece: Piece<Table>): void {
    const { table, statement } = piece;
    const bytes = piece.take(this.free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes * 1.25));
    const sent = this.next(async () => {
      if (this.copy?.table !== table) {
        await this.endCopy();
        this.copy = { table, of: new Copy(this.client, statement) };
      }
      await this.copy.of.write(bytes);
      if (bytes.buffer.byteLength <= 2 * pieceBytes) this.freeWhenSent(bytes.buffer as ArrayBuffer);
      this.underWay.shift();
    });
    this.underWay.push(sent);
  }
}
