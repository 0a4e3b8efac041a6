import path from "node:path";

/** The data folder of the server that this worker's tests talk to. */
export function dataFolder(): string {
  const folders = process.env.COUNTERSIGN_E2E_DATA?.split(path.delimiter);
  const folder = folders?.[Number(process.env.TEST_PARALLEL_INDEX ?? 0)];
  if (!folder) throw new Error("Run the browser tests with `npm test` or `npx playwright test`.");
  return folder;
}
