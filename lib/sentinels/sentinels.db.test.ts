import { beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { criterionEvidence } from "../calibration/queries";
import { db } from "../db/client";
import { createRelease, drawSample } from "../releases/commands";
import { casesOf, gradeDrawn, type SeededWorld, seedWorld } from "../releases/release.seed";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { exportSentinels, makeSentinels, strikeSentinel, takeSentinelVerdicts } from "./commands";
import { listSentinels, sentinelCatch } from "./queries";

await testDatabase();

type Team = {
  world: SeededWorld;
  releaseId: number;
  manager: Person;
  reviewer: Person;
  stranger: Person;
  judge: string;
};

async function seedTeam(): Promise<Team> {
  const { id: projectId } = await seedProject();
  const manager = await seedPerson(projectId, { roles: ["release_manager"] });
  const reviewer = await seedPerson(projectId, { roles: ["reviewer"] });
  const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager"] });
  const world = await seedWorld(projectId, casesOf({ "pass>pass": 20, "pass>fail": 10 }));
  const cases = await db.case.findMany({ where: { datasetId: world.datasetId } });
  const subjects = ["refunds", "parcels", "invoices", "passwords", "opening hours"];
  for (const [i, { id, key }] of cases.entries()) {
    const about = subjects[i % subjects.length]!;
    const words = Array.from({ length: 20 }, (_, n) => `${about.slice(0, 3)}${i}x${n}`).join(" ");
    await db.output.updateMany({
      where: { caseId: id, runId: world.candidate.runId },
      data: { output: `It is ${key}. ${words}. You can rely on it.` },
    });
  }
  const { id: releaseId } = await createRelease({
    actor: manager,
    input: { prompt: world.prompt, baseline: "v1", candidate: "v2" },
  });
  const { judge } = await db.judgeVersion.findUniqueOrThrow({
    where: { id: world.judgeVersionId },
    include: { judge: true },
  });
  return { world, releaseId, manager, reviewer, stranger, judge: judge.key };
}

const lastEvent = async () => {
  const [row] = await db.auditEntry.findMany({ orderBy: { index: "desc" }, take: 1 });
  return JSON.parse(Buffer.from(row!.leaf).toString("utf8")) as { action: string; details: object };
};

describe("sentinels", () => {
  let team: Team;
  beforeAll(async () => {
    team = await seedTeam();
    await drawSample({ actor: team.manager, input: { releaseId: team.releaseId, size: 12, seed: "s" } });
    await gradeDrawn(team.releaseId, team.reviewer.userId, (key) => (key > "c025" ? "fail" : "pass"));
  });
  const input = () => ({ releaseId: team.releaseId, count: 12, seed: "a seed" });
  const evidence = async () => {
    const { sequence, judges, ...rest } = await criterionEvidence(team.manager, {
      releaseId: team.releaseId,
      criterionId: team.world.criterionId,
    });
    // The catch rate stands beside the judge's trust; all else must stay as it was.
    return JSON.stringify([sequence, judges.map(({ catch: _rate, ...judge }) => judge), rest]);
  };

  it("are made in kinds by turn, recorded, and in no estimate, judged or not", async () => {
    const before = await evidence();
    const { made, seed } = await makeSentinels({ actor: team.manager, input: input() });
    expect(seed).toBe("a seed");
    expect(Object.values(made).reduce((sum, n) => sum + n, 0)).toBe(12);
    expect(Object.keys(made)).toEqual(expect.arrayContaining(["swap", "truncate", "negate", "inject"]));
    expect(await lastEvent()).toMatchObject({ action: "sentinel.made", details: { seed: "a seed", made } });
    expect(await evidence()).toBe(before);
    const lines = await exportSentinels(team.manager, team.releaseId);
    await takeSentinelVerdicts({
      actor: team.manager,
      input: {
        releaseId: team.releaseId,
        verdicts: lines.map(({ sentinel }) => ({ sentinel, judge: team.judge, verdict: "fail" as const })),
      },
    });
    expect(await evidence()).toBe(before);
  });
  it("are the same from the same seed, and none is made twice", async () => {
    const other = await seedTeam();
    const of = async ({ manager, releaseId }: Team) => {
      await makeSentinels({ actor: manager, input: { releaseId, count: 9, seed: "again", kinds: ["swap", "negate"] } });
      return (await listSentinels(manager, releaseId)).map((row) => `${row.kind} ${row.case} ${row.text}`);
    };
    const third = await seedTeam();
    expect(await of(other)).toEqual(await of(third));
    const more = { releaseId: third.releaseId, count: 500, kinds: ["negate" as const] };
    await makeSentinels({ actor: third.manager, input: more });
    await expect(makeSentinels({ actor: third.manager, input: more })).rejects.toMatchObject({ code: "conflict" });
  });
  it("leave for judging without a word of what is expected, on record", async () => {
    const lines = await exportSentinels(team.manager, team.releaseId);
    expect(lines).toHaveLength(12);
    for (const line of lines) {
      expect(Object.keys(line).sort()).toEqual(["criterion", "input", "output", "rubric", "sentinel"]);
      expect(line.sentinel).toMatch(/^[0-9a-f]{24}$/);
    }
    expect(await lastEvent()).toMatchObject({ action: "sentinel.exported", details: { sentinels: 12 } });
  });
  it("are counted as caught when the judge fails the bad ones; a struck one counts no more", async () => {
    const rows = await listSentinels(team.manager, team.releaseId);
    const bad = rows.filter(({ kind }) => kind !== "good" && kind !== "reference").length;
    const whole = async (kind: string) =>
      (await sentinelCatch(team.manager, team.releaseId)).find((row) => row.kind === kind);
    expect(await whole("bad")).toMatchObject({ judge: team.judge, caught: bad, n: bad, errors: 0, high: 1 });
    const cut = rows.find(({ kind }) => kind === "truncate")!;
    const strike = { releaseId: team.releaseId, sentinelId: cut.id, reason: "It is still right." };
    await strikeSentinel({ actor: team.manager, input: strike });
    expect(await lastEvent()).toMatchObject({ action: "sentinel.struck", details: { reason: "It is still right." } });
    expect(await whole("bad")).toMatchObject({ caught: bad - 1, n: bad - 1 });
    await expect(strikeSentinel({ actor: team.manager, input: strike })).rejects.toMatchObject({ code: "conflict" });
    expect(await exportSentinels(team.manager, team.releaseId)).toHaveLength(11);
  });
  it("take verdicts back all or nothing, once, and name what is wrong", async () => {
    const [first, second] = await exportSentinels(team.manager, team.releaseId);
    const take = (verdicts: object[]) =>
      takeSentinelVerdicts({ actor: team.manager, input: { releaseId: team.releaseId, verdicts: verdicts as never } });
    const good = { sentinel: first!.sentinel, judge: team.judge, verdict: "fail" };
    const count = () => db.sentinelVerdict.count({ where: { sentinel: { releaseId: team.releaseId } } });
    const before = await count();
    expect(await take([good])).toEqual({ taken: 0, unchanged: true });
    const wrong: [object, object][] = [
      [
        { ...good, sentinel: "0".repeat(24) },
        { code: "invalid", place: { line: 2, field: "sentinel" } },
      ],
      [
        { ...good, sentinel: second!.sentinel, judge: "nobody" },
        { code: "invalid", place: { line: 2, field: "judge" } },
      ],
      [
        { sentinel: second!.sentinel, judge: team.judge },
        { code: "invalid", place: { line: 2, field: "verdict" } },
      ],
      [good, { code: "invalid", place: { line: 2, field: "sentinel" } }],
    ];
    for (const [row, problem] of wrong) await expect(take([good, row])).rejects.toMatchObject(problem);
    await expect(take([{ ...good, verdict: "pass" }])).rejects.toMatchObject({ code: "conflict", place: { line: 1 } });
    expect(await count()).toBe(before);
  });
  it("are refused to a wrong role and to another project", async () => {
    const { releaseId, reviewer, stranger } = team;
    const [one] = await listSentinels(team.manager, releaseId);
    for (const [actor, code] of [
      [reviewer, "forbidden"],
      [stranger, "not_found"],
    ] as const) {
      const verdicts = [{ sentinel: one!.key, judge: team.judge, verdict: "fail" as const }];
      await expect(makeSentinels({ actor, input: input() })).rejects.toMatchObject({ code });
      await expect(exportSentinels(actor, releaseId)).rejects.toMatchObject({ code });
      await expect(
        strikeSentinel({ actor, input: { releaseId, sentinelId: one!.id, reason: "…" } }),
      ).rejects.toMatchObject({ code });
      await expect(takeSentinelVerdicts({ actor, input: { releaseId, verdicts } })).rejects.toMatchObject({ code });
    }
    expect(await listSentinels(stranger, releaseId)).toEqual([]);
    expect(await sentinelCatch(stranger, releaseId)).toEqual([]);
  });
});
