/** Between the tabs of one browser. Over plain HTTP there are no locks; then the server's own, and clientKey, decide. */

/** Runs one after the other, whichever tab asks. */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request(`countersign/${name}`, work) : work();
}

/** Takes something for this tab until it is released or the tab is closed; null when another tab has it. */
export async function takeForTab(name: string): Promise<(() => void) | null> {
  if (!navigator.locks) return () => undefined;
  return new Promise((answer) => {
    void navigator.locks.request(`countersign/${name}`, { ifAvailable: true }, (lock) => {
      if (!lock) {
        answer(null);
        return;
      }
      return new Promise<void>((release) => answer(release));
    });
  });
}
