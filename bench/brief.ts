import { releaseOf } from "./browser";
import type { Imported } from "./import";
import { byRatio, type Row } from "./report";
import { median, say, type World } from "./world";

const repeats = 7;

async function times(run: () => Promise<unknown>): Promise<number> {
  const found: number[] = [];
  await run();
  for (let i = 0; i < repeats; i++) {
    const from = performance.now();
    await run();
    found.push(performance.now() - from);
  }
  return median(found);
}

/** The brief of a release beside the SQL that only counts, for each judge, what it says of both answers. */
export async function benchBrief(world: World, one: Imported): Promise<Row[]> {
  const { rows } = await world.owner.query<{ id: number; projectId: number }>(
    `SELECT id, project_id AS "projectId" FROM release WHERE baseline_run_id = ANY ($1) AND state IN ('draft', 'grading')`,
    [one.runs],
  );
  const id = rows[0]?.id ?? (await releaseOf(world, one));
  const { rows: drawn } = await world.owner.query("SELECT 1 FROM draw WHERE release_id = $1 LIMIT 1", [id]);
  if (drawn.length === 0) await world.rest("POST", `/releases/${id}/draws`, { size: 100, seed: "bench" });
  say(`Computing the brief of ${one.size / 1000}k × 2 …`);
  process.env.DATABASE_URL = world.appUrl;
  const { disconnect, pool } = await import("../lib/db/client");
  const { systemActor } = await import("../lib/auth/actor");
  const { getBrief } = await import("../lib/releases/brief");
  try {
    const projects = await world.owner.query<{ id: number }>("SELECT project_id AS id FROM release WHERE id = $1", [
      id,
    ]);
    const actor = systemActor(projects.rows[0]!.id);
    const brief = await times(() => getBrief(actor, id));
    const count = await times(() =>
      pool().query(
        `SELECT b.judge_version_id, b.verdict, k.verdict, count(*) FROM verdict b
           JOIN verdict k ON k.run_id = $2 AND k.judge_version_id = b.judge_version_id AND k.case_id = b.case_id AND k.repeat = b.repeat
          WHERE b.run_id = $1 AND b.repeat = 0 GROUP BY 1, 2, 3`,
        one.runs,
      ),
    );
    return [
      byRatio(`brief of ${one.size / 1000}k × 2: its statistics, ms, of the SQL that counts`, brief, count, {
        atMost: 2,
      }),
    ];
  } finally {
    await disconnect();
  }
}
