import pg from "pg";
import type { Actor } from "../lib/auth/actor";
import { type Desk, painted, releaseOf } from "./browser";
import { trivialPath } from "./cases";
import type { Imported } from "./import";
import { byDifference, byRatio, type Row } from "./report";
import { median, quantile, say, type World } from "./world";

const graded = 40;
const stored = 60;

/** The open release over a bundle's runs, made if need be, with cases drawn. */
async function releaseWithDraws(world: World, one: Imported): Promise<number> {
  const { rows } = await world.owner.query<{ id: number }>(
    "SELECT id FROM release WHERE baseline_run_id = ANY ($1) AND state IN ('draft', 'grading')",
    [one.runs],
  );
  const id = rows[0]?.id ?? (await releaseOf(world, one));
  await world.rest("POST", `/releases/${id}/draws`, { size: graded + stored + 20, seed: "bench" });
  return id;
}

/** Milliseconds from a key to a change that it makes painted, on a page that does nothing else. */
async function trivialKeys(world: World, desk: Desk): Promise<number[]> {
  const page = await desk.window("reviewer");
  await page.goto(world.url + trivialPath);
  await page.evaluate(`
    document.body.insertAdjacentHTML("afterbegin", "<p id=bench>0</p>");
    addEventListener("keydown", () => {
      const at = document.getElementById("bench");
      at.textContent = String(Number(at.textContent) + 1);
    });`);
  const found: number[] = [];
  for (let i = 1; i <= graded; i++) {
    await page.keyboard.press("x");
    found.push(await painted(page, `document.getElementById("bench").textContent === "${i}"`));
  }
  await page.context().close();
  return found;
}

/** Grades cases by the keyboard, as fast as they come; from the last key of each until the next one is painted. */
async function keysToNext(world: World, desk: Desk, release: number): Promise<number[]> {
  const page = await desk.window("reviewer");
  await page.goto(`${world.url}/review/${release}`);
  const found: number[] = [];
  const article = page.getByRole("article").first();
  for (let i = 0; i < graded; i++) {
    await article.waitFor();
    const shown = (await article.getAttribute("aria-label")) ?? "";
    const criteria = 2;
    for (let criterion = 0; criterion < criteria; criterion++) {
      await page.keyboard.press("1");
      await page.keyboard.press("8");
      if (criterion < criteria - 1) await page.keyboard.press("ArrowDown");
    }
    for (let back = 1; back < criteria; back++) await page.keyboard.press("ArrowUp");
    // People look at an answer before they grade it; meanwhile the ones after it come in.
    await page.waitForTimeout(400);
    await page.keyboard.press("Enter");
    const other = `document.querySelector("article[aria-label]")?.getAttribute("aria-label") !== ${JSON.stringify(shown)}`;
    found.push(await painted(page, `document.querySelector("article[aria-label]") !== null && ${other}`));
  }
  await page.context().close();
  return found;
}

/** Milliseconds of the server for storing the grades of a case, and for one raw row through the same pool. */
async function storing(world: World, desk: Desk, release: number): Promise<{ grades: number[]; raw: number[] }> {
  process.env.DATABASE_URL = world.appUrl;
  const { disconnect, pool } = await import("../lib/db/client");
  const { submitReviews } = await import("../lib/review/commands");
  const { nextTask } = await import("../lib/review/queries");
  const email = await desk.person("reviewer");
  const { rows } = await world.owner.query<{ userId: number; name: string; projectId: number }>(
    `SELECT u.id AS "userId", u.name, m.project_id AS "projectId" FROM app_user u JOIN membership m ON m.user_id = u.id WHERE u.email = $1`,
    [email],
  );
  const actor: Actor = { kind: "person", ...rows[0]!, email, roles: ["reviewer"], requestId: "bench" };
  await world.owner.query("CREATE TABLE bench_raw (id serial PRIMARY KEY, said text)");
  await world.owner.query(
    `GRANT ALL ON bench_raw, bench_raw_id_seq TO ${pg.escapeIdentifier(new URL(world.appUrl).username)}`,
  );
  const [grades, raw]: number[][] = [[], []];
  try {
    for (let i = 0; i < stored; i++) {
      const task = await nextTask(actor, release);
      if (!task) break;
      const input = {
        releaseId: release,
        task: task.task,
        clientKey: `bench-${i}`,
        grades: task.criteria.flatMap(({ key }) =>
          (["A", "B"] as const).map((side) => ({ side, criterion: key, verdict: "pass" as const })),
        ),
      };
      let from = performance.now();
      await submitReviews({ actor, input });
      grades!.push(performance.now() - from);
      from = performance.now();
      await pool().query("INSERT INTO bench_raw (said) VALUES ($1)", ["pass"]);
      raw!.push(performance.now() - from);
    }
  } finally {
    await disconnect();
    await world.owner.query("DROP TABLE bench_raw");
  }
  return { grades: grades!, raw: raw! };
}

const frameMs = 17;

export async function benchGrading(world: World, desk: Desk, imported: readonly Imported[]): Promise<Row[]> {
  const rows: Row[] = [];
  const p95: number[] = [];
  for (const one of imported) {
    const of = `${one.size / 1000}k × 2`;
    const release = await releaseWithDraws(world, one);
    say(`Grading cases of ${of} …`);
    const trivial = quantile(await trivialKeys(world, desk), 0.95);
    const keys = quantile(await keysToNext(world, desk, release), 0.95);
    p95.push(keys);
    const name = `grading ${of}: key → next case painted, p95, ms, of a trivial page`;
    rows.push(byDifference(name, keys, trivial, frameMs));
    const { grades, raw } = await storing(world, desk, release);
    const slow = `grading ${of}: a case's grades stored, p50, ms, of a raw durable insert`;
    rows.push(byRatio(slow, median(grades), median(raw), { atMost: 5 }));
  }
  if (p95.length > 1) {
    const sizes = `${imported.at(-1)!.size / 1000}k over ${imported[0]!.size / 1000}k`;
    rows.push(byDifference(`grading: key → next case painted, p95, ms, ${sizes}`, p95.at(-1)!, p95[0]!, frameMs));
  }
  return rows;
}
