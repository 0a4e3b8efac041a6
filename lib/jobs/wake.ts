type Worker = {
  wake: () => void;
  /** Work is on its way; what is given back is called once it is there, or will not come. */
  expect: () => () => void;
};

/** The worker of this process, if it has one; other replicas look by themselves every few seconds. */
const holder = globalThis as typeof globalThis & { __countersignWorker?: Worker };

export function setWorker(worker: Worker | undefined): void {
  holder.__countersignWorker = worker;
}

export function wakeWorker(): void {
  holder.__countersignWorker?.wake();
}

export function expectWork(): () => void {
  return holder.__countersignWorker?.expect() ?? (() => {});
}
