import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample } from "./commands";
import { countNews, listNews, readNews } from "./news";
import { casesOf, gradeDrawn, seedWorld } from "./release.seed";

await testDatabase();

async function team() {
  const project = await seedProject();
  const person = (role: "release_manager" | "reviewer" | "viewer") => seedPerson(project.id, { roles: [role] });
  const [opener, closer, reviewer, viewer] = [
    await person("release_manager"),
    await person("release_manager"),
    await person("reviewer"),
    await person("viewer"),
  ];
  const world = await seedWorld(project.id, casesOf({ "pass>pass": 4 }));
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2" };
  const { id } = await createRelease({ actor: opener, input });
  await drawSample({ actor: opener, input: { releaseId: id, size: 4 } });
  await gradeDrawn(id, reviewer.userId, () => "pass");
  await closeGrading({ actor: closer, input: { releaseId: id } });
  return { opener, closer, reviewer, viewer, id };
}

const told = async (actor: Parameters<typeof listNews>[0]) => (await listNews(actor)).map(({ action }) => action);

describe("news", () => {
  it("tells what others did to a release that one opened or graded, not what one did oneself", async () => {
    const { opener, closer, reviewer, viewer, id } = await team();
    expect(await told(opener)).toEqual(["release.closed"]);
    expect(await told(reviewer)).toEqual(["release.closed", "release.drawn", "release.created"]);
    expect(await told(closer)).toEqual(["release.created"]);
    expect(await told(viewer)).toEqual(["release.created"]);
    const [item] = await listNews(opener);
    expect(item).toMatchObject({ by: closer.name, subject: { kind: "release", id: String(id) }, unread: true });
  });
  it("counts what is unread, forgets no mark and goes never back", async () => {
    const { reviewer } = await team();
    expect(await countNews(reviewer)).toBe(3);
    const [newest, older] = await listNews(reviewer);
    await readNews({ actor: reviewer, upTo: newest!.index });
    await readNews({ actor: reviewer, upTo: older!.index });
    expect(await countNews(reviewer)).toBe(0);
    expect((await listNews(reviewer)).some(({ unread }) => unread)).toBe(false);
  });
  it("tells nothing of another project, and marks nothing there", async () => {
    const [{ opener }, other] = [await team(), await team()];
    const before = await db.membership.findMany({ where: { projectId: other.opener.projectId } });
    await readNews({ actor: { ...opener, projectId: other.opener.projectId }, upTo: 1_000_000 });
    expect(await db.membership.findMany({ where: { projectId: other.opener.projectId } })).toEqual(before);
    expect(await listNews({ ...opener, projectId: other.opener.projectId })).toEqual([]);
  });
});
