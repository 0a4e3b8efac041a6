import { describe, expect, it } from "vitest";
import { db } from "../db/client";
import { getBrief } from "../releases/brief";
import { listPolicies, policyFacts } from "../releases/policy-queries";
import { policyWarnings } from "../releases/policy-warnings";
import { getLedger } from "../review/ledger";
import { nextTask } from "../review/queries";
import { testDatabase } from "../testing/database";
import { loadDemo } from "./load";

await testDatabase();

describe("the demo project", () => {
  it("has one release approved, one refused, one waiting for grades, all through the real operations", async () => {
    const { people } = await loadDemo();
    const project = await db.project.findFirstOrThrow({ where: { key: "demo" } });
    expect(project.isDemo).toBe(true);
    expect(new Set(people.flatMap(({ roles }) => roles)).size).toBe(5);
    const releases = await db.release.findMany({ where: { projectId: project.id }, orderBy: { id: "asc" } });
    expect(releases.map(({ state }) => state)).toEqual(["approved", "refused", "grading"]);
    const user = await db.user.findUniqueOrThrow({ where: { email: "ravi@demo.example" } });
    const ravi = {
      kind: "person" as const,
      userId: user.id,
      name: user.name,
      email: user.email,
      projectId: project.id,
      roles: ["reviewer" as const],
      requestId: "r",
    };
    const gates = async (i: number) =>
      Object.fromEntries((await getBrief(ravi, releases[i]!.id)).gates.map(({ key, status }) => [key, status]));
    expect(await gates(0)).toEqual({ must_pass: "met", delta: "met", judge: "met", reviews: "met", signers: "met" });
    expect(await gates(1)).toMatchObject({ must_pass: "not_met", judge: "not_met" });
    const waiting = await getBrief(ravi, releases[2]!.id);
    expect(waiting.criteria[0]!.estimate).toMatchObject({ drawn: 48 });
    expect(await nextTask(ravi, releases[2]!.id)).not.toBeNull();
    // The judge errs in a pattern: what it calls better in the refused release, people found worse.
    const { tally, estimate } = (await getBrief(ravi, releases[1]!.id)).criteria[0]!;
    expect(tally["llm-grounded"]!.better).toBeGreaterThan(tally["llm-grounded"]!.worse);
    expect(estimate.delta).toBeLessThan(0);
    // People say what they hold for the reason, and it is not always the same change.
    const ledger = await getLedger(ravi, releases[1]!.id);
    expect(ledger.hunks.map(({ change }) => change)).toEqual(["moved", "changed", "changed"]);
    expect(ledger.hunks[1]!.hurt.length).toBeGreaterThan(5);
    expect(ledger.open.hurt.length).toBeGreaterThan(0);
    const label = await db.label.findFirstOrThrow({ where: { name: "production" }, include: { version: true } });
    expect(label.version.key).toBe("v2");
    // Each policy can be met by the demo people.
    const facts = await policyFacts(ravi);
    const impossible = (await listPolicies(ravi)).flatMap(({ document }) =>
      policyWarnings(document, facts).filter(({ kind }) => kind === "impossible"),
    );
    expect(impossible).toEqual([]);
    expect(await db.user.count({ where: { passwordHash: { not: null } } })).toBe(0);
  }, 240_000);
});
