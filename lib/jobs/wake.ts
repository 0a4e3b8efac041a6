/** Says that work is on its way; what it gives back is called once the work is there, or will not come. */
type Expect = () => () => void;

/** Of the worker of this process, if it has one; other replicas look by themselves every few seconds. */
const holder = globalThis as typeof globalThis & { __countersignExpect?: Expect };

export function onWork(expect: Expect | undefined): void {
  holder.__countersignExpect = expect;
}

export function expectWork(): () => void {
  return holder.__countersignExpect?.() ?? (() => {});
}
