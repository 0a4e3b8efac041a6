/** An upload on its way to becoming an import. */
export type Incoming = {
  /** Its next bytes; waits while whoever takes them has enough. */
  take: (bytes: Uint8Array) => Promise<void>;
  /** All of it is queued as this import; null: it will not come. */
  end: (importId: number | null) => void;
};
type Expect = () => Incoming;

/** Of the worker of this process, if it has one; other replicas look by themselves every few seconds. */
const holder = globalThis as typeof globalThis & { __countersignExpect?: Expect };

export function onWork(expect: Expect | undefined): void {
  holder.__countersignExpect = expect;
}

const nobody: Incoming = { take: async () => {}, end: () => {} };

/** Says that an upload is coming in. */
export function expectWork(): Incoming {
  return holder.__countersignExpect?.() ?? nobody;
}
