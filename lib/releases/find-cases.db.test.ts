import { expect, it } from "vitest";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { createRelease } from "./commands";
import { findCases } from "./find-cases";
import { casesOf, seedWorld } from "./release.seed";

await testDatabase();

it("finds cases of this project by the words of their key, and takes what is typed as it is", async () => {
  const [project, other] = [await seedProject(), await seedProject()];
  const manager = await seedPerson(project.id, { roles: ["release_manager"] });
  const viewer = await seedPerson(project.id, { roles: ["viewer"] });
  const stranger = await seedPerson(other.id, { roles: ["administrator"] });
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 4 }));
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
  const { id } = await createRelease({ actor: manager, input });

  const all = await findCases(viewer, "C0");
  expect(all.map(({ key }) => key)).toEqual(["c001", "c002", "c003", "c004"]);
  const { key } = all[0]!;
  const [found] = await findCases(viewer, key.toUpperCase());
  expect(found).toMatchObject({ key, releaseId: id });
  expect(found!.release).toContain("v1 → v2");
  // Nothing in the middle of a word, nor letters scattered over it; all words must be there.
  for (const text of ["001", "c 1", "c001 c002"]) expect(await findCases(viewer, text)).toEqual([]);
  const words = await seedWorld(project.id, [
    ...casesOf({ "pass>pass": 1 }).map((row) => ({ ...row, key: "refunds-031 late" })),
    ...casesOf({ "pass>pass": 1 }).map((row) => ({ ...row, key: "Refunds-03" })),
  ]);
  await createRelease({ actor: manager, input: { ...input, prompt: words.prompt } });
  const keysFor = async (text: string) => (await findCases(viewer, text)).map(({ key }) => key);
  expect(await keysFor("refunds-03")).toEqual(["Refunds-03", "refunds-031 late"]);
  expect(await keysFor("03 refunds")).toEqual(["Refunds-03", "refunds-031 late"]);
  expect(await keysFor("late refunds")).toEqual(["refunds-031 late"]);
  expect(await findCases(viewer, "  ")).toEqual([]);
  for (const text of [".", "(", "[a", "z.*"]) expect(await keysFor(text)).toEqual([]);
  expect(await findCases(viewer, "%")).toEqual([]);
  expect(await findCases(viewer, "_")).toEqual([]);
  expect(await findCases(viewer, "\\")).toEqual([]);
  expect(await findCases(stranger, key)).toEqual([]);
});
