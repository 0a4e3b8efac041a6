import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { hash } from "@node-rs/argon2";
import { afterAll, describe, expect, it } from "vitest";
import type { Person } from "../auth/actor";
import { db } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { supersedeReviews } from "../review/commands";
import { testDatabase } from "../testing/database";
import { seedPerson, seedProject } from "../testing/seed";
import { closeGrading, createRelease, drawSample, reopenGrading } from "./commands";
import { changedSinceFrozen } from "./frozen";
import { standardPolicies } from "./policy";
import { Reauthentication } from "./reauthenticate";
import { casesOf, gradeDrawn, type SeededWorld, seedWorld } from "./release.seed";
import { meanings, type SignOffDecision } from "./schema";
import { type SignedOff, signOff } from "./sign-off";

// COUNTERSIGN_LONG=1 runs as often as the promise says; without it, often enough to fail when it is broken.
const long = process.env.COUNTERSIGN_LONG === "1";
const interleavings = long ? 1000 : 25;
const crowds = long ? 200 : 8;

const database = await testDatabase();
const folder = mkdtempSync(path.join(tmpdir(), "countersign-races-"));
process.env.COUNTERSIGN_DATA = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const password = "correct horse battery";

async function team(signers: number) {
  const project = await seedProject();
  // As cheap as there is: it is given thousands of times here.
  const passwordHash = await hash(password, { memoryCost: 8, timeCost: 1 });
  const managers: Person[] = [];
  for (let i = 0; i < 4; i++) managers.push(await seedPerson(project.id, { roles: ["release_manager"], passwordHash }));
  const reviewer = await seedPerson(project.id, { roles: ["reviewer"] });
  const world = await seedWorld(project.id, casesOf({ "fail>pass": 4, "pass>pass": 1 }));
  const document = canonicalJson({ ...standardPolicies.standard, name: "Own", signers });
  await db.policy.create({
    data: { projectId: project.id, key: "own", number: 1, document, digest: sha256Hex(document), createdBy: "test" },
  });
  return { managers, reviewer, world };
}
type Team = Awaited<ReturnType<typeof team>>;

async function readyRelease({ managers, reviewer, world }: Team): Promise<Open> {
  const [actor] = managers as [Person];
  const input = { prompt: world.prompt, baseline: "v1", candidate: "v2", policy: "own", judges: [] };
  const { id } = await createRelease({ actor, input });
  await drawSample({ actor, input: { releaseId: id, size: 100 } });
  await gradeDrawn(id, reviewer.userId, (_, side) => (side === "candidate" ? "pass" : "fail"));
  return { id, ...(await closeGrading({ actor, input: { releaseId: id } })) };
}

type Open = { id: number; evidenceDigest: string };

/** Everything but the signing itself is done before the race. */
async function pen(actor: Person, release: Open, decision: SignOffDecision): Promise<() => Promise<SignedOff>> {
  const reauthentication = await Reauthentication.byPassword(actor, password);
  const { id: releaseId, evidenceDigest } = release;
  const input = {
    releaseId,
    evidenceDigest,
    decision,
    meaning: meanings[decision][0],
    reason: "Read.",
    reauthentication,
  };
  return () => signOff({ actor, input });
}

/** The reviewer changes their mind about the candidate's answer to one case, as people do: reopened, corrected, closed. */
async function edit(world: SeededWorld, manager: Person, reviewer: Person, releaseId: number): Promise<Open> {
  await reopenGrading({ actor: manager, input: { releaseId } });
  const [row] = await db.$queryRaw<{ task: string; swapped: boolean; criterion: string; verdict: "pass" | "fail" }[]>`
    SELECT t.id AS task, d.swapped, k.key AS criterion, rv.verdict::text
      FROM review_task t JOIN draw d USING (release_id, case_id) JOIN criterion k ON k.id = ${world.criterionId}
      JOIN review rv ON rv.task_id = t.id AND rv.run_id = ${world.candidate.runId}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
     WHERE t.release_id = ${releaseId} ORDER BY d.position LIMIT 1`;
  const { task, swapped, criterion, verdict } = row!;
  const grades = (["A", "B"] as const).map((side) => {
    const isCandidate = (side === "A") === swapped;
    return { side, criterion, verdict: isCandidate && verdict === "fail" ? ("pass" as const) : ("fail" as const) };
  });
  await supersedeReviews({ actor: reviewer, input: { releaseId, task, grades, clientKey: crypto.randomUUID() } });
  return { id: releaseId, ...(await closeGrading({ actor: manager, input: { releaseId } })) };
}

const refusalsOf = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as { code?: string }] : []));

describe("edit against approve", () => {
  it(
    `${interleavings} interleavings approve no evidence that was not the one seen`,
    async () => {
      const given = await team(1);
      const [manager, editor] = given.managers as [Person, Person];
      const won = { approve: 0, edit: 0 };
      let lead = 50;
      let release = await readyRelease(given);
      for (let i = 0; i < interleavings; i++) {
        if (i > 0 && i % 100 === 0) console.log(`${i}: the approval won ${won.approve}, the edit ${won.edit}`);
        const approve = await pen(manager, release, "approve");
        // The edit starts a random while later, on average where either is as likely to win: in the midst of the other.
        const after = Math.random() * 2 * lead;
        const [approval, change] = await Promise.allSettled([
          approve(),
          wait(after).then(() => edit(given.world, editor, given.reviewer, release.id)),
        ]);
        for (const { code } of refusalsOf([approval, change])) expect(code).toBe("conflict");
        const row = await db.release.findUniqueOrThrow({
          where: { id: release.id },
          include: { signOffs: true, decision: true },
        });
        if (row.state === "approved") {
          won.approve++;
          lead *= 0.7;
          expect(row.signOffs).toMatchObject([{ evidenceDigest: release.evidenceDigest }]);
          expect(row.decision).toMatchObject({ outcome: "approved", evidenceDigest: release.evidenceDigest });
          // What was seen is also what is: the edit came to nothing.
          expect(await changedSinceFrozen(manager, release.id, release.evidenceDigest)).toBeNull();
          expect([approval.status, change.status]).toEqual(["fulfilled", "rejected"]);
          release = await readyRelease(given);
        } else {
          won.edit++;
          lead *= 1.4;
          expect(row).toMatchObject({ state: "ready", signOffs: [], decision: null, approvals: 0 });
          expect(row.evidenceDigest).not.toBe(release.evidenceDigest);
          if (change.status === "rejected") throw change.reason;
          release = change.value;
        }
      }
      expect(won.approve).toBeGreaterThan(0);
      expect(won.edit).toBeGreaterThan(0);
      console.log(
        `edit against approve: ${interleavings} interleavings, the approval won ${won.approve}, the edit ${won.edit}`,
      );
    },
    long ? 3_600_000 : 120_000,
  );
});

describe("several managers at once", () => {
  it(
    `${crowds} times: the quorum is counted right, and there is one decision`,
    async () => {
      const given = await team(2);
      const outcomesSeen = new Set<string>();
      for (let i = 0; i < crowds; i++) {
        const release = await readyRelease(given);
        const decisions: SignOffDecision[] = ["approve", "approve", i % 2 ? "refuse" : "approve", "abstain"];
        const pens = await Promise.all(given.managers.map((actor, j) => pen(actor, release, decisions[j]!)));
        const outcomes = await Promise.allSettled(pens.map((sign) => wait(randomInt(15)).then(sign)));
        const taken = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
        for (const { code } of refusalsOf(outcomes)) expect(code).toBe("conflict");
        const row = await db.release.findUniqueOrThrow({
          where: { id: release.id },
          include: { signOffs: true, decision: true },
        });
        outcomesSeen.add(row.state);
        expect(["approved", "refused"]).toContain(row.state);
        expect(row.decision).toMatchObject({ outcome: row.state });
        // One signature decided, and every one that was taken stands in the record.
        expect(taken.filter(({ state }: SignedOff) => state !== "ready")).toHaveLength(1);
        expect(row.signOffs).toHaveLength(taken.length);
        const count = (decision: string) => row.signOffs.filter((signature) => signature.decision === decision).length;
        expect(row.approvals).toBe(count("approve"));
        if (row.state === "approved") expect([count("approve"), count("refuse")]).toEqual([2, 0]);
        else expect([count("refuse"), count("approve") < 2]).toEqual([1, true]);
        const deciding = await database.asOwner<{ n: number }>(
          `SELECT count(*)::int AS n FROM audit_entry WHERE action IN ('release.signed_off', 'release.refused') AND subject LIKE $1`,
          [`release:${release.id} %`],
        );
        expect(deciding).toEqual([{ n: 1 }]);
      }
      expect(outcomesSeen.has("approved")).toBe(true);
    },
    long ? 3_600_000 : 120_000,
  );
});
