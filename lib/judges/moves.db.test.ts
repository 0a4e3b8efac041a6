import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Actor, Person } from "../auth/actor";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { sha256Hex } from "../digest";
import { createRelease, drawSample } from "../releases/commands";
import { ensurePolicies } from "../releases/policy";
import { gradeDrawn } from "../releases/release.seed";
import { startImport } from "../runs/commands";
import { runNextImport } from "../runs/load";
import { recordRejudgings } from "../runs/rejudging";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject, unique } from "../testing/seed";
import { createAnchor, exportAnchor, listAnchors, takeAnchorVerdicts } from "./anchors";
import { acknowledgeAlarm } from "./commands";
import {
  choosePair,
  compareJudgings,
  listJudgedRuns,
  listMovedCases,
  listMovedJudges,
  type MovesFilter,
  watchVersions,
} from "./moves";

const { asOwner } = await testDatabase();

type Verdict = "pass" | "fail" | "error";
type Row = { output: string | null; verdict?: Verdict; rationale?: string };

/** A judge, a dataset whose odd cases are of slice `odd`, and runs as rows of [output, verdict]. */
async function seedJudge(size: number) {
  const project = await seedProject();
  const projectId = project.id;
  await transaction((tx) => ensurePolicies(tx, projectId));
  const person = (...roles: Person["roles"]) => seedPerson(projectId, { roles });
  const prompt = await db.prompt.create({ data: { projectId, name: unique("support") } });
  const dataset = await db.dataset.create({ data: { projectId, name: unique("tickets") } });
  const criterion = await db.criterion.create({ data: { projectId, key: unique("useful"), name: "Is useful" } });
  const judge = await db.judge.create({ data: { projectId, key: unique("judge") } });
  const versionOf = (number: number) =>
    db.judgeVersion.create({
      data: { judgeId: judge.id, criterionId: criterion.id, number, digest: sha256Hex(`${number}`), model: "m" },
    });
  const judgeVersion = await versionOf(1);
  const keys = Array.from({ length: size }, (_, i) => `c${String(i).padStart(3, "0")}`);
  await db.case.createMany({
    data: keys.map((key, i) => ({
      datasetId: dataset.id,
      key,
      input: `input ${key}`,
      inputDigest: sha256Hex(key),
      slice: i % 2 === 1 ? "odd" : "even",
    })),
  });
  const cases = await db.case.findMany({ where: { datasetId: dataset.id }, orderBy: { key: "asc" } });
  let versions = 0;
  const addVersion = async () => {
    versions++;
    const data = {
      promptId: prompt.id,
      number: versions,
      key: `v${versions}`,
      digest: sha256Hex(`${prompt.id} ${versions}`),
    };
    return (await db.promptVersion.create({ data })).id;
  };
  const addRun = async (versionId: number, row: (i: number) => Row, judgeVersionId = judgeVersion.id) => {
    const rows = cases.map(({ id }, i) => ({ caseId: id, ...row(i) }));
    const run = await db.run.create({
      data: {
        projectId,
        versionId,
        datasetId: dataset.id,
        sourceDigest: sha256Hex(unique("source")),
        digest: sha256Hex(unique("run")),
        outputCount: size,
        errorCount: 0,
      },
    });
    await db.output.createMany({
      data: rows.map(({ caseId, output }) => ({
        runId: run.id,
        caseId,
        output,
        error: output === null ? "timed out" : null,
      })),
    });
    const judged = rows.flatMap(({ caseId, verdict, rationale }) =>
      verdict ? [{ runId: run.id, caseId, judgeVersionId, verdict, rationale }] : [],
    );
    await db.verdict.createMany({ data: judged });
    const tally = (of: Verdict) => judged.filter(({ verdict }) => verdict === of).length;
    await db.runJudge.create({
      data: { runId: run.id, judgeVersionId, pass: tally("pass"), fail: tally("fail"), error: tally("error") },
    });
    return run.id;
  };
  const record = (...runIds: number[]) => transaction((tx) => recordRejudgings(tx, runIds));
  return {
    projectId,
    prompt,
    dataset,
    criterion,
    judge,
    judgeVersion,
    versionOf,
    cases,
    addVersion,
    addRun,
    record,
    person,
  };
}

const same = (verdict: (i: number) => Verdict) => (i: number) => ({ output: `answer ${i}`, verdict: verdict(i) });
const mostlyPass = (i: number): Verdict => (i % 5 === 0 ? "fail" : "pass");

async function pairOf(actor: Actor, judgeId: number, filter: Pick<MovesFilter, "from" | "to"> = {}) {
  const pair = choosePair(await listJudgedRuns(actor, judgeId), filter);
  if (!pair) throw new Error("no pair");
  return pair;
}

const eventsOf = async (action: string) =>
  (await db.auditEntry.findMany({ where: { action }, orderBy: { index: "asc" } })).map(
    ({ leaf }) =>
      JSON.parse(Buffer.from(leaf).toString()) as { subject: { id: string }; details: Record<string, unknown> },
  );

describe("two judgings of the same cases", () => {
  it("are told apart: what the judge says of the same answers, and of others", async () => {
    const { judge, addVersion, addRun, person } = await seedJudge(20);
    const viewer = await person("viewer");
    const [v1, v2] = [await addVersion(), await addVersion()];
    const first = await addRun(v1, (i) => ({ output: `answer ${i}`, verdict: mostlyPass(i) }));
    // Ten answers stay as they are; of these, the judge changes its mind on 1 and 3 (to fail) and 5 (to pass), and breaks on 7.
    const second = await addRun(v2, (i) => {
      if (i === 19) return { output: null, verdict: "error" };
      const changed: Record<number, Verdict> = { 1: "fail", 3: "fail", 5: "pass", 7: "error" };
      return {
        output: i < 10 ? `answer ${i}` : `another ${i}`,
        verdict: changed[i] ?? (i === 12 ? "fail" : mostlyPass(i)),
      };
    });
    const pair = await pairOf(viewer, judge.id);
    expect([pair.from.runId, pair.to.runId]).toEqual([first, second]);
    const found = await compareJudgings(viewer, pair);
    expect(found.same).toMatchObject({
      passPass: 5,
      passFail: 2,
      failPass: 1,
      failFail: 1,
      error: 1,
      n: 9,
      flips: 3,
      p: 1,
    });
    expect(found.other).toMatchObject({ passPass: 6, passFail: 1, failPass: 0, failFail: 2, error: 0, n: 9, flips: 1 });
    expect(found.same.rate!.low).toBeGreaterThan(0.1);
    expect([found.unanswered, found.hidden]).toEqual([1, 0]);
    expect(found.slices.map(({ slice, n, flips }) => [slice, n, flips])).toEqual([
      ["odd", 4, 3],
      ["even", 5, 0],
    ]);
  });

  it("list the cases whose verdict changed, by answer, change and slice, in pages", async () => {
    const { judge, cases, addVersion, addRun, person } = await seedJudge(130);
    const viewer = await person("viewer");
    const v1 = await addVersion();
    await addRun(
      v1,
      same(() => "pass"),
    );
    await addRun(v1, (i) =>
      i === 128
        ? { output: "another", verdict: "fail" }
        : { output: `answer ${i}`, verdict: i < 120 ? "fail" : "pass", rationale: `why ${i}` },
    );
    const pair = await pairOf(viewer, judge.id);
    const keysOf = async (filter: MovesFilter) =>
      (await listMovedCases(viewer, pair, filter)).rows.map((row) => row.case);
    const seen: string[] = [];
    for (let after: number | undefined, pages = 0; pages < 5; pages++) {
      const { rows, next } = await listMovedCases(viewer, pair, { after });
      seen.push(...rows.map((row) => row.case));
      if (next === null) break;
      after = next;
    }
    expect(seen).toEqual(cases.slice(0, 120).map(({ key }) => key));
    expect(await keysOf({ answers: "other" })).toEqual(["c128"]);
    expect(await keysOf({ change: "fail>pass" })).toEqual([]);
    expect((await keysOf({ slice: "odd", change: "pass>fail" })).slice(0, 2)).toEqual(["c001", "c003"]);
    const [row] = (await listMovedCases(viewer, pair, {})).rows;
    expect(row).toMatchObject({
      before: "pass",
      after: "fail",
      output: "answer 0",
      earlierOutput: null,
      rationaleAfter: "why 0",
    });
  });

  it("are of one judge, one dataset and one project", async () => {
    const mine = await seedJudge(4);
    const other = await seedJudge(4);
    const [viewer, stranger] = [await mine.person("viewer"), await other.person("viewer")];
    const v1 = await mine.addVersion();
    const runs = [await mine.addRun(v1, same(mostlyPass)), await mine.addRun(v1, same(mostlyPass))];
    expect(await listJudgedRuns(stranger, mine.judge.id)).toEqual([]);
    await expect(watchVersions(stranger, mine.judge.id)).rejects.toMatchObject({ code: "not_found" });
    const judged = await listJudgedRuns(viewer, mine.judge.id);
    expect(choosePair(judged, { from: `${runs[1]}.1`, to: `${runs[0]}.1` })).toMatchObject({
      from: { runId: runs[1] },
    });
    expect(() => choosePair(judged, { from: "999999.1" })).toThrow("not found");
    expect(choosePair(await listJudgedRuns(stranger, other.judge.id), {})).toBeNull();
  });

  it("name no case that waits for the reader's blind grade, also under another run", async () => {
    const { judge, prompt, addVersion, addRun, person } = await seedJudge(12);
    const [manager, reviewer, viewer] = [
      await person("release_manager"),
      await person("reviewer"),
      await person("viewer"),
    ];
    const [v1, v2] = [await addVersion(), await addVersion()];
    await addRun(
      v1,
      same(() => "pass"),
    );
    await addRun(
      v2,
      same(() => "fail"),
    );
    const { id } = await createRelease({
      actor: manager,
      input: { prompt: prompt.name, baseline: "v1", candidate: "v2" },
    });
    await drawSample({ actor: manager, input: { releaseId: id, size: 5 } });
    // The very answers again, in a run that is part of no release.
    await addRun(
      v2,
      same(() => "pass"),
    );
    for (const actor of [reviewer, manager]) {
      const pair = await pairOf(actor, judge.id);
      expect((await listMovedCases(actor, pair, {})).rows).toHaveLength(7);
      const { same: totals, hidden, slices } = await compareJudgings(actor, pair);
      expect([totals.n, hidden, slices.reduce((sum, { n }) => sum + n, 0)]).toEqual([12, 5, 7]);
    }
    expect((await listMovedCases(viewer, await pairOf(viewer, judge.id), {})).rows).toHaveLength(12);
    await gradeDrawn(id, reviewer.userId, () => "pass");
    expect((await listMovedCases(reviewer, await pairOf(reviewer, judge.id), {})).rows).toHaveLength(12);
  });
});

describe("the watch on a judge", () => {
  it("counts every judging against the one before, of the same prompt version if there is one", async () => {
    const { judge, addVersion, addRun, record, person } = await seedJudge(20);
    const viewer = await person("viewer");
    const [v1, v2] = [await addVersion(), await addVersion()];
    const first = await addRun(
      v1,
      same(() => "pass"),
    );
    const second = await addRun(v2, (i) => ({
      output: i < 8 ? `answer ${i}` : `another ${i}`,
      verdict: i < 2 ? "fail" : "pass",
    }));
    const third = await addRun(v1, (i) => ({
      output: i === 19 ? null : `answer ${i}`,
      verdict: i === 18 ? "error" : i === 0 ? "fail" : "pass",
    }));
    expect(await record(first, second, third)).toEqual([]);
    const [{ judgings, monitor } = { judgings: [], monitor: null }] = await watchVersions(viewer, judge.id);
    expect(
      judgings.map(({ runId, passPass, passFail, failPass, error }) => [runId, passPass, passFail, failPass, error]),
    ).toEqual([
      [second, 6, 2, 0, 0],
      // Against the first run: one broke, one has no answer.
      [third, 17, 1, 0, 1],
    ]);
    expect(monitor!.alarm).toBeNull();
    // The page compares the same two by itself.
    const pair = await pairOf(viewer, judge.id);
    expect([pair.from.runId, pair.to.runId]).toEqual([first, third]);
    expect((await compareJudgings(viewer, pair)).same).toMatchObject({ passPass: 17, passFail: 1, error: 1 });
  });

  it("raises the alarm at the import that shows it, once, on the desk and in the audit log", async () => {
    const { judge, versionOf, projectId, addVersion, addRun, record, person } = await seedJudge(200);
    const [viewer, stranger] = [await person("viewer"), await seedPerson((await seedProject()).id)];
    const v1 = await addVersion();
    await record(await addRun(v1, same(mostlyPass)), await addRun(v1, same(mostlyPass)));
    expect(await listMovedJudges(viewer)).toEqual([]);
    const strict = same((i) => (i % 10 === 1 ? "fail" : mostlyPass(i)));
    const [moved] = await record(await addRun(v1, strict));
    expect(moved).toMatchObject({ judge: judge.key, version: 1, monitor: { alarm: { at: 1 } } });
    expect(await record(await addRun(v1, same(mostlyPass)))).toEqual([]);
    expect(await listMovedJudges(viewer)).toMatchObject([{ judgeId: judge.id, version: 1, same: { flips: 40 } }]);
    expect(await listMovedJudges(stranger)).toEqual([]);
    // A new version of the judge: the old one's moves are of the past.
    await versionOf(2);
    expect(await listMovedJudges(viewer)).toEqual([]);
    expect(projectId).toBeGreaterThan(0);
  });

  it("is acknowledged once, with a reason, by who may; the alarm itself stays", async () => {
    const { judge, addVersion, addRun, record, person } = await seedJudge(200);
    const [manager, reviewer] = [await person("release_manager"), await person("reviewer")];
    const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager"] });
    const v1 = await addVersion();
    await record(await addRun(v1, same(mostlyPass)));
    const acknowledge = (actor: Actor, version = 1, reason = "A new model behind the same name. We pin it.") =>
      acknowledgeAlarm({ actor, judgeId: judge.id, input: { version, reason } });
    await expect(acknowledge(manager)).rejects.toMatchObject({ code: "conflict" });
    await record(
      await addRun(
        v1,
        same((i) => (i % 10 === 1 ? "fail" : mostlyPass(i))),
      ),
    );
    await expect(acknowledge(reviewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(acknowledge(stranger)).rejects.toMatchObject({ code: "not_found" });
    await expect(acknowledge(manager, 2)).rejects.toMatchObject({ code: "invalid" });
    await expect(acknowledge(manager, 1, "  ")).rejects.toThrow();
    expect(await listMovedJudges(manager)).toMatchObject([{ acknowledged: null }]);
    await acknowledge(manager);
    expect(await listMovedJudges(reviewer)).toMatchObject([
      {
        judgeId: judge.id,
        acknowledged: { by: manager.email, reason: "A new model behind the same name. We pin it." },
      },
    ]);
    const [event] = (await eventsOf("judge.alarm_acknowledged")).filter(
      ({ subject }) => subject.id === `${judge.key}#1`,
    );
    expect(event).toMatchObject({ subject: { id: `${judge.key}#1` }, details: { cause: "rate" } });
    await expect(acknowledge(manager)).rejects.toMatchObject({ code: "conflict" });
    await expect(db.alarmAcknowledgement.deleteMany({})).rejects.toThrow();
  });

  it("runs at the end of an import, in its transaction", async () => {
    const manager = await seedPerson((await seedProject()).id, { roles: ["release_manager"] });
    const answers = (seed: string, pass: (i: number) => boolean) =>
      JSON.stringify({
        evalId: seed,
        results: {
          version: 3,
          prompts: [{ label: "short", raw: "Answer: {{q}}", provider: "openai:m1" }],
          results: Array.from({ length: 60 }, (_, i) => ({
            promptIdx: 0,
            testIdx: i,
            vars: { q: `question ${i}` },
            response: { output: `answer ${i}` },
            success: pass(i),
            score: pass(i) ? 1 : 0,
            failureReason: pass(i) ? 0 : 1,
            gradingResult: {
              componentResults: [
                {
                  pass: pass(i),
                  score: pass(i) ? 1 : 0,
                  reason: "so",
                  assertion: { type: "llm-rubric", value: "is useful", metric: "useful" },
                },
              ],
            },
          })),
        },
      });
    const load = async (seed: string, pass: (i: number) => boolean) => {
      const input = { format: "promptfoo", fileName: `${seed}.json`, prompt: "p", dataset: "d" } as const;
      await startImport({ actor: manager, input, body: Readable.from([Buffer.from(answers(seed, pass))]) });
      while (await runNextImport());
    };
    await load("monday", () => true);
    await load("tuesday", (i) => i !== 3);
    expect(await listMovedJudges(manager)).toEqual([]);
    const before = (await eventsOf("judge.moved")).length;
    await load("friday", (i) => i > 20);
    // Whatever is judged again is watched: the question's own verdict, and the rubric below it.
    const moved = await listMovedJudges(manager);
    expect(moved).toMatchObject([{ version: 1, monitor: { alarm: { at: 1 } } }, { version: 1 }]);
    const events = (await eventsOf("judge.moved")).slice(before);
    expect(events.map(({ subject }) => subject.id)).toEqual(moved.map(({ judge }) => `${judge}#1`));
    expect(events[0]).toMatchObject({ details: { tolerance: 0.02, falseAlarm: 0.05, cause: "rate" } });
    await load("saturday", (i) => i > 20);
    expect(await eventsOf("judge.moved")).toHaveLength(before + 2);
  });

  it("can't be talked out of what it counted", async () => {
    await expect(db.rejudging.deleteMany({})).rejects.toThrow();
    await expect(asOwner("UPDATE rejudging SET pass_pass = 0")).rejects.toThrow("append-only");
    for (const table of ["anchor", "anchor_case", "anchor_take", "anchor_verdict"]) {
      await expect(asOwner(`TRUNCATE ${table} CASCADE`)).rejects.toThrow("append-only");
    }
  });
});

describe("an anchor set", () => {
  const judgedAt = (day: number) => `2026-03-${String(day).padStart(2, "0")}T09:00:00Z`;
  const anchorOf = async (actor: Actor, judgeId: number, run: number, size = 10, seed = "s") =>
    (
      await createAnchor({
        actor,
        judgeId,
        input: { name: unique("anchor"), run, choice: { how: "random", size, seed } },
      })
    ).id;
  const linesOf = async (actor: Actor, judgeId: number, anchorId: number) => {
    const { lines } = await exportAnchor(actor, judgeId, anchorId);
    const all = [];
    for await (const line of lines) all.push(line);
    return all;
  };

  it("is the same for the same seed, holds only what can be judged again, and is exported without verdicts", async () => {
    const { judge, addVersion, addRun, person } = await seedJudge(30);
    const manager = await person("release_manager");
    const run = await addRun(await addVersion(), (i) => ({
      output: i === 0 ? null : `answer ${i}`,
      verdict: i === 1 ? "error" : "pass",
      rationale: "because",
    }));
    const make = (name: string, seed: string, size = 10) =>
      createAnchor({ actor: manager, judgeId: judge.id, input: { name, run, choice: { how: "random", size, seed } } });
    const [one, again, other, all] = [
      await make("one", "seed a"),
      await make("again", "seed a"),
      await make("other", "seed b"),
      await make("all", "seed a", 1000),
    ];
    expect(again.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
    expect([one.size, all.size]).toEqual([10, 28]);
    const lines = await linesOf(manager, judge.id, one.id);
    expect(lines).toHaveLength(10);
    expect(Object.keys(lines[0]!)).toEqual(["case", "input", "output"]);
    expect(JSON.stringify(lines)).not.toMatch(/pass|because/);
    const [created] = (await eventsOf("anchor.created")).filter(({ subject }) => subject.id === String(one.id));
    expect(created).toMatchObject({ details: { size: 10, run, choice: { how: "random", seed: "seed a", size: 10 } } });
    expect((await eventsOf("anchor.exported")).filter(({ subject }) => subject.id === String(one.id))).toHaveLength(1);
    await expect(make("one", "seed c")).rejects.toMatchObject({ code: "conflict" });
    await expect(
      createAnchor({
        actor: manager,
        judgeId: judge.id,
        input: { name: "x", run: 999999, choice: { how: "random", size: 1 } },
      }),
    ).rejects.toMatchObject({ code: "invalid", place: { field: "run" } });
  });

  it("is judged again whole, counted against the time before, and told once", async () => {
    const { judge, addVersion, addRun, person } = await seedJudge(12);
    const manager = await person("administrator");
    const run = await addRun(await addVersion(), same(mostlyPass));
    const anchorId = await anchorOf(manager, judge.id, run);
    const keys = (await linesOf(manager, judge.id, anchorId)).map((line) => line.case);
    const first = new Map(
      (await db.verdict.findMany({ where: { runId: run } })).map(({ caseId, verdict }) => [caseId, verdict]),
    );
    const idOf = new Map(
      (
        await db.case.findMany({
          select: { id: true, key: true },
          where: { key: { in: keys }, id: { in: [...first.keys()] } },
        })
      ).map(({ id, key }) => [key, id]),
    );
    const firstOf = (key: string) => first.get(idOf.get(key)!)!;
    const take = (day: number, verdict: (key: string, i: number) => Verdict, of = keys) =>
      takeAnchorVerdicts({
        actor: manager,
        judgeId: judge.id,
        anchorId,
        input: { judgedAt: judgedAt(day), verdicts: of.map((key, i) => ({ case: key, verdict: verdict(key, i) })) },
      });
    const passes = keys.filter((key) => firstOf(key) === "pass").length;
    const all = await take(1, (key) => firstOf(key));
    expect(all).toMatchObject({ take: 1, unchanged: false, moved: false, passPass: passes, failFail: 10 - passes });
    expect(await take(1, (key) => firstOf(key))).toMatchObject({ take: 1, unchanged: true, passPass: passes });
    expect(await take(2, () => "fail")).toMatchObject({
      take: 2,
      passFail: passes,
      failFail: 10 - passes,
      moved: true,
    });
    // Against the time before, not against the first.
    expect(await take(3, (_key, i) => (i === 0 ? "error" : "fail"))).toMatchObject({
      failFail: 9,
      error: 1,
      moved: false,
    });
    expect((await eventsOf("anchor.judged")).filter(({ subject }) => subject.id === String(anchorId))).toHaveLength(3);
    expect((await eventsOf("judge.moved")).filter(({ subject }) => subject.id === `${judge.key}#1`)).toHaveLength(1);
    expect(await listMovedJudges(manager)).toMatchObject([{ judge: judge.key }]);

    await expect(take(2, () => "pass")).rejects.toMatchObject({ code: "conflict", place: { field: "judgedAt" } });
    await expect(take(4, () => "pass", keys.slice(1))).rejects.toThrow(keys[0]);
    await expect(take(4, () => "pass", [...keys, keys[0]!])).rejects.toThrow("twice");
    await expect(take(4, () => "pass", [...keys, "stranger"])).rejects.toThrow("stranger");
    await expect(
      takeAnchorVerdicts({
        actor: manager,
        judgeId: judge.id,
        anchorId,
        input: { judgedAt: "2126-03-01T09:00:00Z", verdicts: [{ case: "x", verdict: "pass" }] },
      }),
    ).rejects.toThrow("future");
  });

  it("of graded cases says how often the judge agreed with people, each time", async () => {
    const { judge, prompt, cases, addVersion, addRun, person } = await seedJudge(10);
    const [manager, reviewer, viewer] = [
      await person("release_manager"),
      await person("reviewer"),
      await person("viewer"),
    ];
    const [v1, v2] = [await addVersion(), await addVersion()];
    await addRun(
      v1,
      same(() => "pass"),
    );
    const run = await addRun(v2, (i) => ({ output: `another ${i}`, verdict: "pass" }));
    const { id } = await createRelease({
      actor: manager,
      input: { prompt: prompt.name, baseline: "v1", candidate: "v2" },
    });
    const choose = (actor: Actor) =>
      createAnchor({
        actor,
        judgeId: judge.id,
        input: { name: unique("graded"), run, choice: { how: "graded", release: id } },
      });
    await expect(choose(manager)).rejects.toMatchObject({ code: "invalid" });
    await drawSample({ actor: manager, input: { releaseId: id, size: 6 } });
    // The set would tell which version an answer is from: who may still grade one of its cases does not get it.
    const random = await anchorOf(manager, judge.id, run);
    await expect(exportAnchor(manager, judge.id, random)).rejects.toMatchObject({ code: "conflict" });
    await gradeDrawn(id, reviewer.userId, (key, side) => (side === "candidate" && key < "c005" ? "fail" : "pass"));
    const { id: anchorId, size } = await choose(manager);
    expect(size).toBe(6);
    const drawn = await db.draw.findMany({ where: { releaseId: id } });
    const bad = cases.filter((one) => one.key < "c005" && drawn.some(({ caseId }) => caseId === one.id)).length;
    const keys = (await linesOf(manager, judge.id, anchorId)).map((line) => line.case);
    await takeAnchorVerdicts({
      actor: manager,
      judgeId: judge.id,
      anchorId,
      input: { judgedAt: judgedAt(1), verdicts: keys.map((key) => ({ case: key, verdict: "fail" })) },
    });
    const found = (await listAnchors(viewer, judge.id)).find((one) => one.id === anchorId)!;
    expect(found.people).toEqual({ graded: 6, agree: 6 - bad, passesBad: bad, failsGood: 0 });
    expect(found.takes[0]!.people).toEqual({ graded: 6, agree: bad, passesBad: 0, failsGood: 6 - bad });
    expect(found).toMatchObject({ choice: { how: "graded", release: id }, takes: [{ number: 1, flips: 6 }] });
  });

  it("is for release managers and administrators of the project alone", async () => {
    const { judge, addVersion, addRun, person } = await seedJudge(6);
    const manager = await person("release_manager");
    const run = await addRun(await addVersion(), same(mostlyPass));
    const anchorId = await anchorOf(manager, judge.id, run, 3);
    const stranger = await seedPerson((await seedProject()).id, { roles: ["release_manager", "administrator"] });
    const attempts = (actor: Actor) => [
      () => createAnchor({ actor, judgeId: judge.id, input: { name: "no", run, choice: { how: "random", size: 2 } } }),
      () => exportAnchor(actor, judge.id, anchorId),
      () =>
        takeAnchorVerdicts({
          actor,
          judgeId: judge.id,
          anchorId,
          input: { judgedAt: judgedAt(1), verdicts: [{ case: "c000", verdict: "pass" }] },
        }),
    ];
    for (const role of ["viewer", "reviewer", "auditor"] as const) {
      for (const attempt of attempts(await person(role)))
        await expect(attempt()).rejects.toMatchObject({ code: "forbidden" });
    }
    for (const attempt of attempts(stranger)) await expect(attempt()).rejects.toMatchObject({ code: "not_found" });
    await expect(listAnchors(stranger, judge.id)).rejects.toMatchObject({ code: "not_found" });
    expect(await db.anchorTake.count({ where: { anchorId } })).toBe(0);
    expect(await db.anchor.count({ where: { name: "no" } })).toBe(0);
  });
});
