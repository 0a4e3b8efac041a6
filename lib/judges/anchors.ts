import { randomBytes } from "node:crypto";
import { z } from "zod";
import { appendAudit } from "../audit/append";
import { type Actor, actorName } from "../auth/actor";
import { permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import { canonicalJson, digestOf } from "../digest";
import { Fault, notFound } from "../errors";
import { listJudgings, movedEvent, newAlarm } from "../runs/rejudging";
import { findJudge, type Moves, movesOf, type Table, waitingIn } from "./moves";

/** Anchor sets: frozen answers that a judge is given again now and then, to see whether it still says the same. */

const largestSet = 10_000;
/** Beside the import's job and project locks (lib/runs/load.ts). */
const anchorLock = 7103;

export const createAnchorSchema = z.strictObject({
  name: z.string().trim().min(1, "Give it a name.").max(100),
  /** A run that the judge has judged. */
  run: z.coerce.number().int().min(1).max(2_147_483_647),
  choice: z.discriminatedUnion("how", [
    z.strictObject({
      how: z.literal("random"),
      size: z.coerce.number().int().min(1).max(largestSet),
      /** Left out: drawn, and recorded. */
      seed: z.string().trim().min(1).max(200).optional(),
    }),
    /** Every case of a release whose answer in this run a person graded. */
    z.strictObject({ how: z.literal("graded"), release: z.coerce.number().int().min(1).max(2_147_483_647) }),
  ]),
});
export type CreateAnchor = z.infer<typeof createAnchorSchema>;

export const anchorVerdictsSchema = z.strictObject({
  judgedAt: z.iso.datetime({ offset: true, message: "Give the time as in 2026-03-01T09:00:00Z." }),
  verdicts: z
    .array(z.strictObject({ case: z.string().min(1).max(1000), verdict: z.enum(["pass", "fail", "error"]) }))
    .min(1)
    .max(largestSet),
});
export type AnchorVerdicts = z.infer<typeof anchorVerdictsSchema>;

/** Freezes a set of answers that the judge has judged pass or fail. */
export async function createAnchor({
  actor,
  judgeId,
  input,
}: {
  actor: Actor;
  judgeId: number;
  input: CreateAnchor;
}): Promise<{ id: number; size: number; digest: string; seed?: string }> {
  permit(actor, "anchor.write");
  const { name, run, choice } = createAnchorSchema.parse(input);
  const judge = await findJudge(actor, judgeId);
  try {
    return await transaction(async (tx) => {
      const judged = await tx.runJudge.findFirst({
        where: { runId: run, judgeVersion: { judgeId: judge.id } },
        select: { judgeVersion: { select: { id: true, number: true, criterionId: true } } },
        orderBy: { judgeVersion: { number: "desc" } },
      });
      if (!judged) throw new Fault("invalid", "The judge has not judged this run.", { field: "run" });
      const version = judged.judgeVersion;
      const seed = choice.how === "random" ? (choice.seed ?? randomBytes(8).toString("hex")) : "";
      const chosen =
        choice.how === "random"
          ? await chooseRandom(tx, run, version.id, choice.size, seed)
          : await chooseGraded(tx, actor.projectId, run, version, choice.release);
      if (chosen.length === 0) {
        const why =
          choice.how === "random"
            ? "The judge said neither pass nor fail of any answer of this run."
            : "Nobody has graded an answer of this run in that release.";
        throw new Fault("invalid", why, { field: "choice" });
      }
      const [{ digest } = { digest: "" }] = await tx.$queryRaw<{ digest: string }[]>`
        SELECT encode(sha256(convert_to(string_agg(c.key || ' ' || c.input_digest || ' '
                 || text_digest('output', o.run_id || '/' || o.case_id || '/0', 'output', o.output), E'\n' ORDER BY c.key COLLATE "C"), 'UTF8')), 'hex') AS digest
          FROM output o JOIN test_case c ON c.id = o.case_id
         WHERE o.run_id = ${run} AND o.repeat = 0 AND o.case_id = ANY (${chosen}::int[])`;
      const recorded = choice.how === "random" ? { ...choice, seed } : choice;
      const { id } = await tx.anchor.create({
        data: {
          judgeVersionId: version.id,
          runId: run,
          name,
          size: chosen.length,
          choice: canonicalJson(recorded),
          digest,
          createdBy: actorName(actor),
        },
        select: { id: true },
      });
      await tx.$executeRaw`INSERT INTO anchor_case (anchor_id, case_id) SELECT ${id}, unnest(${chosen}::int[])`;
      await appendAudit(tx, actor, {
        action: "anchor.created",
        subject: { kind: "anchor", id: String(id), name },
        after: digest,
        details: { judge: judge.key, judgeVersion: version.number, run, size: chosen.length, choice: recorded },
      });
      return { id, size: chosen.length, digest, ...(choice.how === "random" && { seed }) };
    });
  } catch (error) {
    if (!violates(error)) throw error;
    throw new Fault("conflict", `The judge has an anchor set named “${name}” already.`, { field: "name" });
  }
}

/** The first `size` cases in the order of SHA-256(seed, a space, case key): anybody can choose them again. */
async function chooseRandom(tx: Tx, run: number, judgeVersionId: number, size: number, seed: string) {
  const rows = await tx.$queryRaw<{ id: number }[]>`
    SELECT c.id FROM verdict v
      JOIN output o ON o.run_id = v.run_id AND o.case_id = v.case_id AND o.repeat = 0 AND o.output IS NOT NULL
      JOIN test_case c ON c.id = v.case_id
     WHERE v.run_id = ${run} AND v.judge_version_id = ${judgeVersionId} AND v.repeat = 0 AND v.verdict <> 'error'
     ORDER BY sha256(convert_to(${seed}::text || ' ' || c.key, 'UTF8')), c.key COLLATE "C" LIMIT ${size}`;
  return rows.map(({ id }) => id);
}

async function chooseGraded(
  tx: Tx,
  projectId: number,
  run: number,
  { id, criterionId }: { id: number; criterionId: number },
  release: number,
) {
  const found = await tx.release.count({
    where: { id: release, projectId, OR: [{ baselineRunId: run }, { candidateRunId: run }] },
  });
  if (found === 0) throw new Fault("invalid", "No release of this run has this number.", { field: "choice.release" });
  const rows = await tx.$queryRaw<{ id: number }[]>`
    SELECT DISTINCT v.case_id AS id FROM review rv
      JOIN verdict v ON v.run_id = rv.run_id AND v.case_id = rv.case_id AND v.judge_version_id = ${id} AND v.repeat = 0
           AND v.verdict <> 'error'
      JOIN output o ON o.run_id = v.run_id AND o.case_id = v.case_id AND o.repeat = 0 AND o.output IS NOT NULL
     WHERE rv.release_id = ${release} AND rv.run_id = ${run} AND rv.criterion_id = ${criterionId}
     ORDER BY 1 LIMIT ${largestSet}`;
  return rows.map((row) => row.id);
}

type Found = {
  id: number;
  name: string;
  size: number;
  digest: string;
  runId: number;
  datasetId: number;
  judge: string;
  judgeVersion: number;
  judgeVersionId: number;
};

async function findAnchor(actor: Actor, judgeId: number, anchorId: number): Promise<Found> {
  const { rows } = await pool().query<Found>(
    `SELECT a.id, a.name, a.size, a.digest, a.run_id AS "runId", r.dataset_id AS "datasetId", j.key AS judge,
            v.number AS "judgeVersion", v.id AS "judgeVersionId"
       FROM anchor a JOIN judge_version v ON v.id = a.judge_version_id JOIN judge j ON j.id = v.judge_id JOIN run r ON r.id = a.run_id
      WHERE a.id = $1 AND j.id = $2 AND j.project_id = $3`,
    [anchorId, judgeId, actor.projectId],
  );
  if (!rows[0]) throw notFound("The anchor set");
  return rows[0];
}

export type AnchorLine = { case: string; input: unknown; reference?: string; output: unknown };

/**
 * What is to be judged again, without any verdict. Refused while one of its cases waits for this person's blind grade: the
 * set tells which version gave the answer.
 */
export async function exportAnchor(
  actor: Actor,
  judgeId: number,
  anchorId: number,
): Promise<{ name: string; lines: AsyncGenerator<AnchorLine> }> {
  permit(actor, "anchor.write");
  const anchor = await findAnchor(actor, judgeId, anchorId);
  const waiting = await waitingIn(actor, anchor.datasetId);
  const held = await db.anchorCase.count({ where: { anchorId, caseId: { in: waiting } } });
  if (held > 0) {
    const cases = held === 1 ? "One case of this set waits" : `${held} cases of this set wait`;
    throw new Fault(
      "conflict",
      `${cases} for your blind grade. Grade first, or have somebody export who does not grade.`,
    );
  }
  await transaction((tx) =>
    appendAudit(tx, actor, {
      action: "anchor.exported",
      subject: { kind: "anchor", id: String(anchorId), name: anchor.name },
      after: anchor.digest,
      details: { judge: anchor.judge, size: anchor.size },
    }),
  );
  return { name: anchor.name, lines: linesOf(anchor) };
}

async function* linesOf({ id, runId }: Found): AsyncGenerator<AnchorLine> {
  for (let after = 0; ; ) {
    const { rows } = await pool().query<{
      caseId: number;
      case: string;
      input: string;
      inputIsJson: boolean;
      reference: string | null;
      output: string;
      outputIsJson: boolean;
    }>(
      `SELECT c.id AS "caseId", c.key AS case, c.input, c.input_is_json AS "inputIsJson", c.reference, o.output,
              o.output_is_json AS "outputIsJson"
         FROM anchor_case a JOIN test_case c ON c.id = a.case_id JOIN output o ON o.run_id = $2 AND o.case_id = c.id AND o.repeat = 0
        WHERE a.anchor_id = $1 AND a.case_id > $3 ORDER BY a.case_id LIMIT 100`,
      [id, runId, after],
    );
    for (const row of rows) {
      yield {
        case: row.case,
        input: row.inputIsJson ? JSON.parse(row.input) : row.input,
        ...(row.reference !== null && { reference: row.reference }),
        output: row.outputIsJson ? JSON.parse(row.output) : row.output,
      };
    }
    if (rows.length < 100) return;
    after = rows.at(-1)!.caseId;
  }
}

export type TakeAnswer = Table & { take: number; unchanged: boolean; moved: boolean };

/** Takes the verdicts of the whole set, judged again, and counts them against the time before. */
export async function takeAnchorVerdicts({
  actor,
  judgeId,
  anchorId,
  input,
}: {
  actor: Actor;
  judgeId: number;
  anchorId: number;
  input: AnchorVerdicts;
}): Promise<TakeAnswer> {
  permit(actor, "anchor.write");
  const { judgedAt, verdicts } = anchorVerdictsSchema.parse(input);
  const anchor = await findAnchor(actor, judgeId, anchorId);
  const at = new Date(judgedAt);
  if (at.getTime() > Date.now() + 5 * 60_000)
    throw new Fault("invalid", "This time is in the future.", { field: "judgedAt" });
  const verdictOf = new Map<string, string>();
  for (const [i, { case: key, verdict }] of verdicts.entries()) {
    if (verdictOf.has(key))
      throw new Fault("invalid", `The case “${key}” stands here twice.`, { field: `verdicts.${i}.case` });
    verdictOf.set(key, verdict);
  }
  const cases = await pool().query<{ id: number; key: string }>(
    "SELECT c.id, c.key FROM anchor_case a JOIN test_case c ON c.id = a.case_id WHERE a.anchor_id = $1 ORDER BY c.id",
    [anchorId],
  );
  const missing = cases.rows.find(({ key }) => !verdictOf.has(key));
  if (missing)
    throw new Fault(
      "invalid",
      `There is no verdict for the case “${missing.key}”. A set is judged whole; say “error” where the judge gave none.`,
      { field: "verdicts" },
    );
  if (verdictOf.size > cases.rows.length) {
    const known = new Set(cases.rows.map(({ key }) => key));
    const i = verdicts.findIndex((verdict) => !known.has(verdict.case));
    throw new Fault("invalid", `The case “${verdicts[i]!.case}” is not in this anchor set.`, {
      field: `verdicts.${i}.case`,
    });
  }
  const given = cases.rows.map(({ id, key }) => ({ id, verdict: verdictOf.get(key)! }));
  const digest = digestOf({ judgedAt: at.toISOString(), verdicts: given.map(({ id, verdict }) => [id, verdict]) });
  return transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${anchorLock}::int, ${anchorId}::int)`;
    const takes = await tx.anchorTake.findMany({ where: { anchorId }, orderBy: { number: "asc" } });
    const same = takes.find((take) => take.digest === digest);
    if (same) {
      const { passPass, passFail, failPass, failFail, error, number } = same;
      return { take: number, unchanged: true, moved: false, passPass, passFail, failPass, failFail, error };
    }
    const last = takes.at(-1);
    if (last && at < last.judgedAt) {
      const message = `The set was judged at ${last.judgedAt.toISOString()} already; a take must be later than those before it.`;
      throw new Fault("conflict", message, { field: "judgedAt" });
    }
    const number = (last?.number ?? 0) + 1;
    const [counts] = await tx.$queryRaw<Table[]>`
      WITH given AS (
        SELECT * FROM unnest(${given.map(({ id }) => id)}::int[], ${given.map(({ verdict }) => verdict)}::text[]) AS g (id, after)
      ), pair AS (
        SELECT g.after, coalesce(t.verdict, v.verdict)::text AS before
          FROM given g
          LEFT JOIN anchor_verdict t ON t.anchor_id = ${anchorId} AND t.number = ${number - 1} AND t.case_id = g.id
          LEFT JOIN verdict v ON v.run_id = ${anchor.runId} AND v.judge_version_id = ${anchor.judgeVersionId} AND v.case_id = g.id
               AND v.repeat = 0
      )
      SELECT count(*) FILTER (WHERE before = 'pass' AND after = 'pass')::int AS "passPass",
             count(*) FILTER (WHERE before = 'pass' AND after = 'fail')::int AS "passFail",
             count(*) FILTER (WHERE before = 'fail' AND after = 'pass')::int AS "failPass",
             count(*) FILTER (WHERE before = 'fail' AND after = 'fail')::int AS "failFail",
             count(*) FILTER (WHERE before = 'error' OR after = 'error')::int AS error
        FROM pair`;
    const [{ now } = { now: new Date() }] = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`;
    await tx.anchorTake.create({
      data: { anchorId, number, judgedAt: at, digest, ...counts!, createdBy: actorName(actor), createdAt: now },
    });
    await tx.$executeRaw`
      INSERT INTO anchor_verdict (anchor_id, number, case_id, verdict)
      SELECT ${anchorId}, ${number}, id, verdict::verdict_value
        FROM unnest(${given.map(({ id }) => id)}::int[], ${given.map(({ verdict }) => verdict)}::text[]) AS g (id, verdict)`;
    const judgings = await listJudgings(tx, [anchor.judgeVersionId]);
    const monitor = newAlarm(judgings, (judging) => judging.anchorId === anchorId && judging.number === number);
    if (monitor) {
      const moved = { ...anchor, version: anchor.judgeVersion, monitor };
      await appendAudit(tx, actor, movedEvent(moved, { anchor: anchor.name, take: String(number) }));
    }
    await appendAudit(tx, actor, {
      action: "anchor.judged",
      subject: { kind: "anchor", id: String(anchorId), name: anchor.name },
      after: digest,
      details: { judge: anchor.judge, take: number, judgedAt: at.toISOString(), ...counts! },
    });
    return { take: number, unchanged: false, moved: monitor !== null, ...counts! };
  });
}

/** Releases in which people graded answers of runs that this judge judged, newest first. */
export async function listGradedReleases(actor: Actor, judgeId: number): Promise<{ id: number; name: string }[]> {
  permit(actor, "project.read");
  const { rows } = await pool().query<{ id: number; name: string }>(
    `SELECT r.id, r.id || ': ' || p.name || ' ' || b.key || ' → ' || k.key AS name
       FROM release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
       JOIN prompt_version k ON k.id = r.candidate_id
      WHERE r.project_id = $1 AND EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = r.id)
        AND EXISTS (SELECT 1 FROM run_judge rj JOIN judge_version v ON v.id = rj.judge_version_id
                     WHERE v.judge_id = $2 AND rj.run_id IN (r.baseline_run_id, r.candidate_run_id))
      ORDER BY r.id DESC LIMIT 100`,
    [actor.projectId, judgeId],
  );
  return rows;
}

/** How often the judge and the people who graded the very answers said the same. */
export type WithPeople = { graded: number; agree: number; passesBad: number; failsGood: number };

export type AnchorRow = {
  id: number;
  name: string;
  size: number;
  digest: string;
  choice: { how: "random"; seed: string; size: number } | { how: "graded"; release: number };
  judgeVersion: number;
  runId: number;
  prompt: string;
  version: string;
  createdBy: string;
  createdAt: Date;
  /** The first verdicts, with which the set was chosen. */
  people: WithPeople;
  takes: (Moves & { number: number; judgedAt: Date; createdBy: string; people: WithPeople })[];
};

/** The anchor sets of a judge, newest first, with every time they were judged again. */
export async function listAnchors(actor: Actor, judgeId: number): Promise<AnchorRow[]> {
  const judge = await findJudge(actor, judgeId);
  const { rows } = await pool().query<
    Omit<AnchorRow, "choice" | "takes" | "people"> & { choice: string; withPeople: (WithPeople & { number: number })[] }
  >(
    `SELECT a.id, a.name, a.size, a.digest, a.choice, v.number AS "judgeVersion", a.run_id AS "runId", p.name AS prompt,
            pv.key AS version, a.created_by AS "createdBy", a.created_at AS "createdAt", coalesce(w.rows, '[]') AS "withPeople"
       FROM anchor a JOIN judge_version v ON v.id = a.judge_version_id JOIN run r ON r.id = a.run_id
       JOIN prompt_version pv ON pv.id = r.version_id JOIN prompt p ON p.id = pv.prompt_id
       CROSS JOIN LATERAL (
         WITH label AS (
           -- People's label: what everybody who graded this very answer says; where they differ, there is none.
           SELECT ac.case_id, min(rv.verdict::text) AS label
             FROM anchor_case ac JOIN review rv ON rv.run_id = a.run_id AND rv.case_id = ac.case_id AND rv.criterion_id = v.criterion_id
            WHERE ac.anchor_id = a.id AND rv.verdict <> 'unsure'
              AND NOT EXISTS (SELECT 1 FROM review n WHERE n.supersedes_id = rv.id)
            GROUP BY 1 HAVING min(rv.verdict::text) = max(rv.verdict::text)
         ), said AS (
           SELECT 0 AS number, x.case_id, x.verdict FROM verdict x JOIN label USING (case_id)
            WHERE x.run_id = a.run_id AND x.judge_version_id = v.id AND x.repeat = 0
           UNION ALL
           SELECT x.number, x.case_id, x.verdict FROM anchor_verdict x JOIN label USING (case_id) WHERE x.anchor_id = a.id
         )
         SELECT json_agg(json_build_object('number', number, 'graded', graded, 'agree', agree, 'passesBad', bad, 'failsGood', good)) AS rows
           FROM (SELECT number, count(*) FILTER (WHERE verdict <> 'error') AS graded,
                        count(*) FILTER (WHERE verdict::text = label) AS agree,
                        count(*) FILTER (WHERE verdict = 'pass' AND label = 'fail') AS bad,
                        count(*) FILTER (WHERE verdict = 'fail' AND label = 'pass') AS good
                   FROM said JOIN label USING (case_id) GROUP BY number) counted) w
      WHERE v.judge_id = $1 ORDER BY a.id DESC`,
    [judge.id],
  );
  const takes = await db.anchorTake.findMany({
    where: { anchorId: { in: rows.map(({ id }) => id) } },
    orderBy: [{ anchorId: "asc" }, { number: "asc" }],
  });
  const nobody: WithPeople = { graded: 0, agree: 0, passesBad: 0, failsGood: 0 };
  return rows.map(({ choice, withPeople, ...row }) => {
    const people = (number: number): WithPeople => {
      const { number: _number, ...found } = withPeople.find((one) => one.number === number) ?? { number, ...nobody };
      return found;
    };
    const own = takes.filter(({ anchorId }) => anchorId === row.id);
    return {
      ...row,
      choice: JSON.parse(choice) as AnchorRow["choice"],
      people: people(0),
      takes: own.map(({ number, judgedAt, createdBy, passPass, passFail, failPass, failFail, error }) => ({
        number,
        judgedAt,
        createdBy,
        people: people(number),
        ...movesOf({ passPass, passFail, failPass, failFail, error }),
      })),
    };
  });
}
