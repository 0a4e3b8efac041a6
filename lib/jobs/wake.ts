/** Wakes the worker of this process, if it has one; other replicas look by themselves every few seconds. */
const holder = globalThis as typeof globalThis & { __countersignWake?: () => void };

export function wakeWorker(): void {
  holder.__countersignWake?.();
}

export function onWake(wake: (() => void) | undefined): void {
  holder.__countersignWake = wake;
}
