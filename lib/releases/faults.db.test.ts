import { expect, it } from "vitest";
import { runFaults } from "./faults.seed";

// `npm run bench -- faults` does it at a hundred points.
it("kill -9 of the signing process and of the database leaves nothing of a signature, or all of it", async () => {
  const { wrong, points, nothing, whole, verified } = await runFaults(6);
  expect(wrong).toEqual([]);
  expect({ points, counted: nothing + whole, verified }).toEqual({ points: 6, counted: 6, verified: true });
}, 240_000);
