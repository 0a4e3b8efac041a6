import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { submitReviews, supersedeReviews } from "./commands";
import { listFlips, myFlips } from "./flips";
import { nextTask } from "./queries";

await testDatabase();

describe("changing one's mind after the reveal", () => {
  it("is counted where it follows the judge, and apart where it leaves the judge; both grades stay", async () => {
    const project = await seedProject();
    const manager = await seedPerson(project.id, { roles: ["release_manager"] });
    const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
    const other = await seedPerson(project.id, { roles: ["reviewer"] });
    // The judge passes everything.
    const world = await seedWorld(project.id, casesOf({ "pass>pass": 4 }));
    const { id: releaseId } = await createRelease({
      actor: manager,
      input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
    });
    await drawSample({ actor: manager, input: { releaseId, size: 4 } });
    type Verdict = "pass" | "fail" | "unsure";
    const give = async (a: Verdict, b: Verdict, then?: [Verdict, Verdict]) => {
      const task = (await nextTask(reviewer, releaseId))!;
      const input = ([one, two]: [Verdict, Verdict]) => ({
        releaseId,
        task: task.task,
        clientKey: crypto.randomUUID(),
        grades: task.criteria.flatMap(({ key }) => [
          { side: "A" as const, criterion: key, verdict: one },
          { side: "B" as const, criterion: key, verdict: two },
        ]),
      });
      await submitReviews({ actor: reviewer, input: input([a, b]) });
      if (then) await supersedeReviews({ actor: reviewer, input: input(then) });
    };
    await give("fail", "fail", ["pass", "fail"]);
    await give("pass", "fail");
    await give("pass", "pass", ["fail", "unsure"]);
    await give("unsure", "pass", ["pass", "pass"]);

    const [row, ...rest] = await listFlips(reviewer, releaseId);
    expect(rest).toEqual([]);
    expect(row).toEqual({ reviewerId: reviewer.userId, reviewer: reviewer.name, differed: 3, flipped: 1, away: 1 });
    expect(await myFlips(reviewer, releaseId)).toEqual({ differed: 3, flipped: 1, away: 1 });
    expect(await myFlips(other, releaseId)).toEqual({ differed: 0, flipped: 0, away: 0 });
    const rows = await db.review.findMany({ where: { releaseId } });
    expect(rows.filter(({ blind }) => blind)).toHaveLength(8);
    expect(rows.filter(({ blind }) => !blind)).toHaveLength(4);
    const stranger = await seedPerson((await seedProject()).id, { roles: ["reviewer"] });
    await expect(listFlips(stranger, releaseId)).rejects.toMatchObject({ code: "not_found" });
  });
});
