import { type Actor, personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import { quickReads, quickTransaction, type Sql } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { standingOf } from "../judges/standing";
import { beginningOf, type Rest } from "../parts";
import {
  type CheckReport,
  isCheck,
  openCheck,
  plantCheck,
  reportChecks,
  type ShownCheck,
  type ToldCheck,
} from "./checks";
import { joinInstrument, overridesInstrument } from "./instrument";
import { type Asked, type Run, runOf, sideOf } from "./rules";
import type { Comment, Grade } from "./schema";

export const leaseMinutes = 15;
/** Cases that one person may hold at a time, so that a dropped network stops nobody. */
export const mostHeld = 12;

export type ReviewScope = {
  releaseId: number;
  state: string;
  runs: Record<Run, number>;
  versions: Record<Run, string>;
  criteria: (Asked & { id: number; judgeVersionId: number | null })[];
};

export type ScopeRow = {
  state: string;
  baselineRunId: number;
  candidateRunId: number;
  baseline: string;
  candidate: string;
  criteria: ReviewScope["criteria"];
};

/** Selects the release `r` as the review room needs it, and `beside`, columns that begin with a comma. */
export function selectScope(projectId: number, releaseId: number, beside: Prisma.Sql = Prisma.empty): Prisma.Sql {
  return Prisma.sql`
    SELECT r.state::text, r.baseline_run_id AS "baselineRunId", r.candidate_run_id AS "candidateRunId", b.key AS baseline, k.key AS candidate,
           (SELECT json_agg(json_build_object('id', c.id, 'key', c.key, 'kind', c.kind, 'judgeVersionId', rc.judge_version_id) ORDER BY rc.position)
              FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id WHERE rc.release_id = r.id) AS criteria ${beside}
      FROM release r JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
     WHERE r.id = ${releaseId} AND r.project_id = ${projectId}`;
}

export function scopeOf(releaseId: number, row: ScopeRow | undefined): ReviewScope {
  if (!row) throw notFound("The release");
  return {
    releaseId,
    state: row.state,
    runs: { baseline: row.baselineRunId, candidate: row.candidateRunId },
    versions: { baseline: row.baseline, candidate: row.candidate },
    criteria: row.criteria,
  };
}

/** The release as the review room needs it. `lock` keeps its state from changing until the transaction ends. */
export async function reviewScope(
  reader: Sql,
  projectId: number,
  releaseId: number,
  lock = false,
): Promise<ReviewScope> {
  const [row] = await reader.$queryRaw<ScopeRow[]>`
    ${selectScope(projectId, releaseId)} ${lock ? Prisma.sql`FOR SHARE OF r` : Prisma.empty}`;
  return scopeOf(releaseId, row);
}

/** The person who grades. A token grades only if it is somebody's own. */
export function graderOf(actor: Actor): number {
  permit(actor, "review.grade");
  const person = personOf(actor);
  if (person === null) throw new Fault("forbidden", "Only a person grades. Use a reviewer's personal token.");
  return person;
}

export function refuseUnlessGrading(state: string): void {
  if (state === "grading") return;
  const why =
    state === "draft"
      ? "No sample has been drawn yet."
      : `The release is ${state}; grades are taken while it is grading.`;
  throw new Fault("conflict", why);
}

/** `releases`: those in whose queue it waits. */
export type WaitingCase = { id: number; key: string; releases: number[] };

/**
 * The cases that this person may still be asked to grade blind, or to settle without knowing the judge, and whose answers
 * this release shows: drawn or chosen and waiting, or in disagreement, in any open release of one of its runs. Whatever
 * shows outputs, verdicts or grades leaves them out
 * (docs/decisions/0004). Nothing waits for an actor who can't grade.
 */
export async function waitingCases(actor: Actor, releaseId: number, reader: Sql = quickReads): Promise<WaitingCase[]> {
  permit(actor, "project.read");
  const person = personOf(actor);
  if (person === null || !may(actor, "review.grade")) return [];
  return reader.$queryRaw<WaitingCase[]>`
    WITH open AS (
      SELECT o.id, p.reviewers_per_case AS asked
        FROM release shown
        JOIN release o ON o.project_id = shown.project_id AND o.state IN ('grading', 'ready')
             AND ARRAY[o.baseline_run_id, o.candidate_run_id] && ARRAY[shown.baseline_run_id, shown.candidate_run_id]
        JOIN policy p ON p.id = o.policy_id
       WHERE shown.id = ${releaseId} AND shown.project_id = ${actor.projectId}
    ), ${standingOf(person)}
    SELECT c.id, c.key, array_agg(d.release_id ORDER BY d.release_id) AS releases
      FROM queue_case d JOIN open ON open.id = d.release_id JOIN test_case c ON c.id = d.case_id
      LEFT JOIN graded g ON g.release_id = d.release_id AND g.case_id = d.case_id
      LEFT JOIN returned b ON b.release_id = d.release_id AND b.case_id = d.case_id
      LEFT JOIN disputed x ON x.release_id = d.release_id AND x.case_id = d.case_id
     WHERE (x.case_id IS NOT NULL AND NOT g.mine)
        OR (d.chosen_by_id IS DISTINCT FROM ${person} AND (g.case_id IS NULL OR (NOT g.mine AND g.graders < open.asked + coalesce(b.times, 0))))
     GROUP BY c.id, c.key`;
}

export type Progress = {
  /** Cases with all the grades that they need. */
  graded: number;
  /** With those that somebody chose: nothing tells a reviewer which they are. */
  drawn: number;
  /** Cases that this person graded. */
  mine: number;
  /** Cases that this person can still be given: assigned to them, or open to all. */
  waiting: number;
  /** Median milliseconds of this person per case; null before the first. */
  medianMs: number | null;
};

/**
 * Whether a place among the graders of the case of `d` (a draw or chosen case) is left for this person: nobody else's claim, assignment or
 * grade takes the last one. Who has looked into a disagreement about it has no place.
 */
export function hasPlace(grader: number | Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    NOT EXISTS (SELECT 1 FROM adjudication_task a WHERE a.release_id = d.release_id AND a.case_id = d.case_id AND a.adjudicator_id = ${grader})
    AND (SELECT count(*) FROM (
           SELECT rv.reviewer_id FROM review rv WHERE rv.release_id = d.release_id AND rv.case_id = d.case_id
           UNION SELECT t.reviewer_id FROM review_task t
                  WHERE t.release_id = d.release_id AND t.case_id = d.case_id AND t.reviewer_id <> ${grader}
                    AND t.completed_at IS NULL AND t.skipped_at IS NULL AND t.expires_at > now()
           UNION SELECT s.reviewer_id FROM assignment s WHERE s.release_id = d.release_id AND s.case_id = d.case_id AND s.reviewer_id <> ${grader}
         ) taken) < graders_needed(d.release_id, d.case_id)`;
}

type Counts = Omit<Progress, "medianMs"> & { held: number; otherHolders: number };

/** Set by set, not case by case: it is asked for with every case that is handed out. */
async function countQueue(reader: Sql, releaseId: number, person: number): Promise<Counts> {
  const [row] = await reader.$queryRaw<Counts[]>`
    WITH grader AS (
      SELECT DISTINCT case_id, reviewer_id FROM review WHERE release_id = ${releaseId}
    ), live AS (
      SELECT case_id, reviewer_id FROM review_task
       WHERE release_id = ${releaseId} AND completed_at IS NULL AND skipped_at IS NULL AND expires_at > now()
    ), taken AS (
      SELECT case_id, count(*) FILTER (WHERE reviewer_id <> ${person}) AS others FROM (
        SELECT case_id, reviewer_id FROM grader UNION SELECT case_id, reviewer_id FROM live
        UNION SELECT case_id, reviewer_id FROM assignment WHERE release_id = ${releaseId}) t
       GROUP BY 1
    ), graded AS (
      SELECT case_id, count(*) AS n, bool_or(reviewer_id = ${person}) AS mine FROM grader GROUP BY 1
    ), seen AS (
      SELECT case_id, count(*) FILTER (WHERE outcome = 'returned') AS returned, bool_or(adjudicator_id = ${person}) AS mine
        FROM adjudication_task WHERE release_id = ${releaseId} GROUP BY 1
    ), asked AS (
      SELECT p.reviewers_per_case AS n FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.id = ${releaseId}
    )
    SELECT count(*)::int AS drawn,
           count(*) FILTER (WHERE g.n >= asked.n + coalesce(s.returned, 0))::int AS graded,
           count(*) FILTER (WHERE g.mine)::int AS mine,
           count(*) FILTER (WHERE d.chosen_by_id IS DISTINCT FROM ${person} AND g.mine IS NOT TRUE AND s.mine IS NOT TRUE AND coalesce(t.others, 0) < asked.n + coalesce(s.returned, 0))::int AS waiting,
           (SELECT count(*)::int FROM live WHERE reviewer_id = ${person}) AS held,
           (SELECT count(DISTINCT reviewer_id)::int FROM live WHERE reviewer_id <> ${person}) AS "otherHolders"
      FROM queue_case d CROSS JOIN asked
      LEFT JOIN graded g ON g.case_id = d.case_id
      LEFT JOIN taken t ON t.case_id = d.case_id
      LEFT JOIN seen s ON s.case_id = d.case_id
     WHERE d.release_id = ${releaseId}`;
  return row!;
}

export async function reviewProgress(actor: Actor, releaseId: number, reader: Sql = db): Promise<Progress> {
  permit(actor, "project.read");
  await reviewScope(reader, actor.projectId, releaseId);
  return progressOf(reader, releaseId, personOf(actor) ?? 0);
}

async function progressOf(reader: Sql, releaseId: number, person: number): Promise<Progress> {
  const { graded, drawn, mine, waiting } = await countQueue(reader, releaseId, person);
  const [pace] = await reader.$queryRaw<{ medianMs: number | null }[]>`
    SELECT ${selectPace(Prisma.sql`${releaseId}`, Prisma.sql`${person}`)} AS "medianMs"`;
  return { graded, drawn, mine, waiting, medianMs: pace?.medianMs ?? null };
}

/** As a column: the median milliseconds that a person, or everybody, took for a case until the first grades of it. */
export function selectPace(releaseId: Prisma.Sql, person?: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took.ms)::float8 FROM (
       SELECT max(first.took_ms) AS ms FROM review first
        WHERE first.release_id = ${releaseId} AND ${person ? Prisma.sql`first.reviewer_id = ${person}` : Prisma.sql`true`}
          AND first.supersedes_id IS NULL AND first.took_ms IS NOT NULL
        GROUP BY first.case_id, first.reviewer_id) took)`;
}

/** `rest`: `output` is only the beginning of its text. */
type Shown = { output: unknown; error?: string; rest?: Rest };
/** What a reviewer may see before the grade is stored: nothing that tells the sides apart but the answers themselves. */
export type TaskView = {
  task: string;
  case: string;
  input: unknown;
  inputRest?: Rest;
  /** `preference`: one grade for the case says which answer is better. `pass_fail`: a grade for each side. */
  criteria: (Asked & { name: string; rubric: string; examples?: Omit<Example, "id">[] })[];
  sides: [{ side: "A" } & Shown, { side: "B" } & Shown];
  reference?: string;
  referenceRest?: Rest;
  slice?: string;
  progress: Progress;
  expiresAt: string;
};

function parsed(text: string | null, isJson: boolean): unknown {
  return text !== null && isJson ? (JSON.parse(text) as unknown) : text;
}

type CaseText = { key: string; input: string; inputIsJson: boolean; reference: string | null; slice: string | null };
type OutputText = { runId: number; output: string | null; isJson: boolean; error: string | null };

type ShownCase = Pick<Claimed, "caseId" | "swapped"> & Partial<Pick<ShownCheck, "candidateText">>;
type Content = Pick<TaskView, "case" | "input" | "sides" | "reference" | "slice">;

async function contentOf(reader: Sql, scope: ReviewScope, task: ShownCase): Promise<Content> {
  const [found] = await reader.$queryRaw<CaseText[]>`
    SELECT key, input, input_is_json AS "inputIsJson", reference, slice FROM test_case WHERE id = ${task.caseId}`;
  if (!found) throw notFound("The case");
  const outputs = await reader.$queryRaw<OutputText[]>`
    SELECT run_id AS "runId", output, output_is_json AS "isJson", error FROM output
     WHERE case_id = ${task.caseId} AND run_id IN (${scope.runs.baseline}, ${scope.runs.candidate}) AND repeat = 0`;
  const shown = (side: "A" | "B"): Shown => {
    const output = outputs.find(({ runId }) => runId === scope.runs[runOf(side, task.swapped)]);
    if (task.candidateText != null && runOf(side, task.swapped) === "candidate") return { output: task.candidateText };
    if (!output || output.error !== null) return { output: null, error: output?.error ?? "There is no output." };
    return { output: parsed(output.output, output.isJson) };
  };
  return {
    case: found.key,
    input: parsed(found.input, found.inputIsJson),
    sides: [
      { side: "A", ...shown("A") },
      { side: "B", ...shown("B") },
    ],
    ...(found.reference === null ? {} : { reference: found.reference }),
    ...(found.slice === null ? {} : { slice: found.slice }),
  };
}

/** What is asked, in words: the criteria in their order. */
async function wordsOf(reader: Sql, releaseId: number): Promise<TaskView["criteria"]> {
  type Words = TaskView["criteria"][number];
  const rows = await reader.$queryRaw<(Omit<Words, "examples"> & { examples: Words["examples"] | null })[]>`
    SELECT c.key, c.kind::text, c.name, c.rubric,
           (SELECT json_agg(json_build_object('verdict', e.verdict, 'text', e.text, 'why', e.why) ORDER BY e.id)
              FROM criterion_example e WHERE e.criterion_id = c.id AND e.removed_at IS NULL) AS examples
      FROM release_criterion rc JOIN criterion c ON c.id = rc.criterion_id WHERE rc.release_id = ${releaseId} ORDER BY rc.position`;
  return rows.map(({ examples, ...row }) => ({ ...row, ...(examples && { examples }) }));
}

export async function viewOf(
  reader: Sql,
  actor: Actor,
  scope: ReviewScope,
  task: Claimed & ShownCase,
): Promise<TaskView> {
  const { case: key, input, sides, ...rest } = await contentOf(reader, scope, task);
  return {
    task: task.id,
    case: key,
    input,
    criteria: await wordsOf(reader, scope.releaseId),
    sides,
    ...rest,
    progress: await progressOf(reader, scope.releaseId, personOf(actor) ?? 0),
    expiresAt: task.expiresAt.toISOString(),
  };
}

/** As it goes to a browser: of long texts only the beginning. */
export function inParts<View extends Content>(view: View): View {
  const input = beginningOf(view.input);
  const reference = view.reference === undefined ? null : beginningOf(view.reference);
  return {
    ...view,
    input: input.value,
    ...(input.rest && { inputRest: input.rest }),
    ...(reference && { reference: reference.value }),
    ...(reference?.rest && { referenceRest: reference.rest }),
    sides: view.sides.map(({ output, ...side }) => {
      const { value, rest } = beginningOf(output);
      return { ...side, output: value, ...(rest && { rest }) };
    }),
  };
}

export const taskTexts = ["input", "reference", "A", "B"] as const;

/** One text of a case that this person was handed, to grade or to settle, in whole. */
export async function taskText(
  actor: Actor,
  releaseId: number,
  taskId: string,
  of: (typeof taskTexts)[number],
): Promise<unknown> {
  const person = graderOf(actor);
  const scope = await reviewScope(db, actor.projectId, releaseId);
  const [task] = await db.$queryRaw<ShownCase[]>`
    SELECT t.case_id AS "caseId", d.swapped, NULL AS "candidateText"
      FROM (SELECT id, release_id, case_id, reviewer_id AS person FROM review_task
            UNION ALL SELECT id, release_id, case_id, adjudicator_id FROM adjudication_task) t
      JOIN queue_case d ON d.release_id = t.release_id AND d.case_id = t.case_id
     WHERE t.id = ${taskId} AND t.release_id = ${releaseId} AND t.person = ${person}
     UNION ALL
    SELECT k.case_id, k.swapped, s.text FROM review_check k LEFT JOIN sentinel s ON s.id = k.sentinel_id
     WHERE k.id = ${taskId} AND k.release_id = ${releaseId} AND k.reviewer_id = ${person}`;
  if (!task) throw notFound("The case");
  const { input, reference, sides } = await contentOf(db, scope, task);
  if (of === "input") return input;
  return of === "reference" ? reference : sides.find(({ side }) => side === of)?.output;
}

type Claimed = { id: string; caseId: number; swapped: boolean; expiresAt: Date };

/**
 * Hands the actor the next case to grade, with a lease: their own open task again, else the first case in the queue's
 * order that still needs a grader. A case is claimed under the lock of its draw, so two people never hold it together
 * unless the policy asks for two.
 *
 * @param except tasks that the caller already has, to fetch the ones after them
 * @returns null when nothing waits for this person
 */
export async function nextTask(
  actor: Actor,
  releaseId: number,
  except: readonly string[] = [],
): Promise<TaskView | null> {
  const grader = graderOf(actor);
  return quickTransaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId);
    refuseUnlessGrading(scope.state);
    const held = [...except];
    const task =
      (await openCheck(tx, releaseId, grader, held)) ??
      (await ownTask(tx, releaseId, grader, held)) ??
      (await claimWithChecks(tx, scope, grader, held, actor.kind === "person"));
    return task ? viewOf(tx, actor, scope, task) : null;
  });
}

/** A case that this person holds already, with its lease renewed. */
async function ownTask(
  tx: Sql,
  releaseId: number,
  grader: number,
  held: readonly string[],
): Promise<Claimed | undefined> {
  const [own] = await tx.$queryRaw<Claimed[]>`
    UPDATE review_task t SET expires_at = now() + make_interval(mins => ${leaseMinutes})
      FROM queue_case d
     WHERE t.id = (SELECT o.id FROM review_task o JOIN queue_case od ON od.release_id = o.release_id AND od.case_id = o.case_id
                    WHERE o.release_id = ${releaseId} AND o.reviewer_id = ${grader} AND o.completed_at IS NULL AND o.skipped_at IS NULL
                      AND o.expires_at > now() AND NOT (o.id = ANY (${[...held]})) ORDER BY od.chosen, od.position LIMIT 1)
       AND d.release_id = t.release_id AND d.case_id = t.case_id
    RETURNING t.id, t.case_id AS "caseId", d.swapped, t.expires_at AS "expiresAt"`;
  return own;
}

/**
 * Whether this person may hold one more case: as many as a fair share of what waits, where others are grading too, but
 * always two, so that the next case is there when a key is pressed.
 */
async function mayHoldMore(tx: Sql, scope: ReviewScope, grader: number): Promise<boolean> {
  const { held, otherHolders, waiting } = await countQueue(tx, scope.releaseId, grader);
  return held < Math.max(2, Math.min(mostHeld, Math.floor(waiting / (otherHolders + 1))));
}

/**
 * The next case, or now and then a check before it: nothing tells them apart until the grade is stored. A claimed case
 * waits for its turn.
 */
async function claimWithChecks(
  tx: Sql,
  scope: ReviewScope,
  grader: number,
  held: readonly string[],
  checked: boolean,
): Promise<Claimed | undefined> {
  if (!(await mayHoldMore(tx, scope, grader))) return undefined;
  const next = await claim(tx, scope, grader, held);
  // Nothing is checked once the queue is empty: who is done is done.
  // Programs that grade with a person's token keep books of their own: to them every task is a drawn case.
  return next && ((checked && (await plantCheck(tx, scope, grader, leaseMinutes))) || next);
}

/** Drawn cases first, then chosen ones, which whoever chose them has seen and does not grade. */
async function claim(
  tx: Sql,
  scope: ReviewScope,
  grader: number,
  held: readonly string[],
): Promise<Claimed | undefined> {
  const chosen = Prisma.sql`d.chosen_by_id IS DISTINCT FROM ${grader}
       AND NOT EXISTS (SELECT 1 FROM draw WHERE draw.release_id = d.release_id AND draw.case_id = d.case_id)`;
  return (
    (await claimFrom(tx, Prisma.raw("draw"), Prisma.sql`true`, scope, grader, held)) ??
    (await claimFrom(tx, Prisma.raw("chosen_case"), chosen, scope, grader, held))
  );
}

async function claimFrom(
  tx: Sql,
  table: Prisma.Sql,
  condition: Prisma.Sql,
  scope: ReviewScope,
  grader: number,
  held: readonly string[],
): Promise<Claimed | undefined> {
  // What the caller says it has is not handed out anew, even when its lease ran out: a grade of it may be on its way.
  const [free] = await tx.$queryRaw<{ caseId: number; swapped: boolean }[]>`
    SELECT d.case_id AS "caseId", d.swapped
      FROM ${table} d
      LEFT JOIN review_task mine ON mine.release_id = d.release_id AND mine.case_id = d.case_id AND mine.reviewer_id = ${grader}
      LEFT JOIN assignment own ON own.release_id = d.release_id AND own.case_id = d.case_id AND own.reviewer_id = ${grader}
     WHERE d.release_id = ${scope.releaseId} AND ${condition}
       AND (mine.id IS NULL OR (mine.completed_at IS NULL AND (mine.skipped_at IS NOT NULL OR mine.expires_at <= now())
                               AND NOT (mine.id = ANY (${[...held]}))))
       AND ${hasPlace(grader)}
     ORDER BY mine.skipped_at NULLS FIRST, own.case_id IS NULL, d.position
     LIMIT 1 FOR UPDATE OF d SKIP LOCKED`;
  if (!free) return undefined;
  // A claim anew gets a new id: whatever still holds the old one can't write with it. Whether there is a place is asked
  // again under the lock: a claim may have been stored since the statement that found the case began.
  const id = crypto.randomUUID();
  const [task] = await tx.$queryRaw<{ expiresAt: Date }[]>`
    INSERT INTO review_task (id, release_id, case_id, reviewer_id, expires_at)
    SELECT ${id}, d.release_id, d.case_id, ${grader}, now() + make_interval(mins => ${leaseMinutes})
      FROM ${table} d WHERE d.release_id = ${scope.releaseId} AND d.case_id = ${free.caseId} AND ${hasPlace(grader)}
    ON CONFLICT (release_id, case_id, reviewer_id)
    DO UPDATE SET id = excluded.id, claimed_at = now(), expires_at = excluded.expires_at, skipped_at = NULL, skip_reason = NULL
    RETURNING expires_at AS "expiresAt"`;
  if (!task) return claimFrom(tx, table, condition, scope, grader, held);
  return { id, ...free, expiresAt: task.expiresAt };
}

type Told = {
  judge: string;
  criterion: string;
  /** True for the judge whose verdicts the release's estimate corrects. */
  instrument: boolean;
  /** True when this person's grade differs from what the judge says. */
  overridden: boolean;
};
/** A judge's verdict on one side. */
export type ToldVerdict = Told & { side: "A" | "B"; verdict: string; score: number | null; rationale: string | null };
/** What a judge prefers; `flip`: its preference went with the order in which it saw the two answers. */
export type ToldPreference = Told & {
  prefer: "A" | "B" | "tie" | "error" | "flip";
  orders: {
    first: "A" | "B";
    prefer: "A" | "B" | "tie" | "error";
    score: number | null;
    rationale: string | null;
  }[];
};
export type Revealed = {
  sides: Record<"A" | "B", string>;
  judges: (ToldVerdict | ToldPreference)[];
  /** Only of a check on grading: a repeat, and whether it was graded as before; or a sentinel, and whether it was noticed. */
  check?: ToldCheck;
};

type VerdictRow = {
  judge: string;
  judgeVersionId: number;
  criterionId: number;
  runId: number;
  verdict: string;
  score: number | null;
  rationale: string | null;
};
type OrderRow = { prefer: "first" | "second" | "tie" | "error"; score: number | null; rationale: string | null };
type PreferenceRow = {
  judge: string;
  judgeVersionId: number;
  criterionId: number;
  prefer: Run | "tie" | "error" | "flip";
  baselineFirst: OrderRow | null;
  candidateFirst: OrderRow | null;
};

/** What judges say of a case in a release's two runs. */
export type Judged = { verdicts: VerdictRow[] | null; preferences: PreferenceRow[] | null };

/** As columns: what judges say of the case in the release `r`, as Judged. */
export function selectJudged(caseId: Prisma.Sql): Prisma.Sql {
  const asked = Prisma.sql`SELECT rc.criterion_id FROM release_criterion rc WHERE rc.release_id = r.id`;
  return Prisma.sql`
    (SELECT json_agg(json_build_object('judge', j.key, 'judgeVersionId', jv.id, 'criterionId', jv.criterion_id, 'runId', v.run_id,
              'verdict', v.verdict, 'score', v.score, 'rationale', v.rationale) ORDER BY jv.criterion_id, jv.id)
       FROM verdict v JOIN judge_version jv ON jv.id = v.judge_version_id JOIN judge j ON j.id = jv.judge_id
      WHERE v.case_id = ${caseId} AND v.run_id IN (r.baseline_run_id, r.candidate_run_id) AND v.repeat = 0
        AND jv.criterion_id IN (${asked})) AS verdicts,
    (SELECT json_agg(json_build_object('judge', j.key, 'judgeVersionId', jv.id, 'criterionId', jv.criterion_id,
              'prefer', judged_preference(f.prefer, s.prefer),
              'baselineFirst', CASE WHEN f.prefer IS NOT NULL THEN json_build_object('prefer', f.prefer, 'score', f.score, 'rationale', f.rationale) END,
              'candidateFirst', CASE WHEN s.prefer IS NOT NULL THEN json_build_object('prefer', s.prefer, 'score', s.score, 'rationale', s.rationale) END)
              ORDER BY jv.criterion_id, jv.id)
       FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
       LEFT JOIN preference_verdict f ON f.first_run_id = r.baseline_run_id AND f.second_run_id = r.candidate_run_id
             AND f.judge_version_id = jv.id AND f.case_id = ${caseId} AND f.repeat = 0
       LEFT JOIN preference_verdict s ON s.first_run_id = r.candidate_run_id AND s.second_run_id = r.baseline_run_id
             AND s.judge_version_id = jv.id AND s.case_id = ${caseId} AND s.repeat = 0
      WHERE jv.criterion_id IN (${asked}) AND (f.prefer IS NOT NULL OR s.prefer IS NOT NULL)) AS preferences`;
}

type Graded = readonly Pick<Grade, "side" | "criterion" | "verdict" | "prefer">[];

/** What is told once a grade is stored. */
export async function reveal(
  reader: Sql,
  scope: ReviewScope,
  caseId: number,
  swapped: boolean,
  grades: Graded,
): Promise<Revealed> {
  const [judged] = await reader.$queryRaw<Judged[]>`
    SELECT ${selectJudged(Prisma.sql`${caseId}::int`)} FROM release r WHERE r.id = ${scope.releaseId}`;
  return toldOf(scope, judged!, swapped, grades);
}

/** As `reveal`, when what the judges say is at hand. */
export function toldOf(scope: ReviewScope, judged: Judged, swapped: boolean, grades: Graded): Revealed {
  return {
    sides: { A: scope.versions[runOf("A", swapped)], B: scope.versions[runOf("B", swapped)] },
    judges: [
      ...toldVerdicts(scope, judged.verdicts ?? [], swapped, grades),
      ...toldPreferences(scope, judged.preferences ?? [], swapped, grades),
    ],
  };
}

function toldVerdicts(scope: ReviewScope, verdicts: readonly VerdictRow[], swapped: boolean, grades: Graded) {
  return (["A", "B"] as const).flatMap((side) =>
    verdicts
      .filter(({ runId }) => runId === scope.runs[runOf(side, swapped)])
      .map(({ judge, judgeVersionId, criterionId, verdict, score, rationale }): ToldVerdict => {
        const criterion = scope.criteria.find(({ id }) => id === criterionId)!;
        const grade = grades.find((mine) => mine.side === side && mine.criterion === criterion.key)?.verdict;
        const overridden = verdict !== "error" && (grade === "pass" || grade === "fail") && grade !== verdict;
        return {
          judge,
          criterion: criterion.key,
          side,
          verdict,
          score,
          rationale,
          instrument: criterion.judgeVersionId === judgeVersionId,
          overridden,
        };
      }),
  );
}

function toldPreferences(scope: ReviewScope, rows: readonly PreferenceRow[], swapped: boolean, grades: Graded) {
  const order = (first: Run, said: OrderRow | null): ToldPreference["orders"] => {
    if (!said) return [];
    const [a, b] = [sideOf(first, swapped), sideOf(first === "baseline" ? "candidate" : "baseline", swapped)];
    const prefer = said.prefer === "first" ? a : said.prefer === "second" ? b : said.prefer;
    return [{ first: a, prefer, score: said.score, rationale: said.rationale }];
  };
  return rows.map((row): ToldPreference => {
    const criterion = scope.criteria.find(({ id }) => id === row.criterionId)!;
    const { prefer: said } = row;
    const prefer = said === "baseline" || said === "candidate" ? sideOf(said, swapped) : said;
    const mine = grades.find((grade) => grade.criterion === criterion.key)?.prefer;
    return {
      judge: row.judge,
      criterion: criterion.key,
      prefer,
      orders: [...order("baseline", row.baselineFirst), ...order("candidate", row.candidateFirst)],
      instrument: criterion.judgeVersionId === row.judgeVersionId,
      // A judge whose preference went with the order prefers neither.
      overridden: mine !== undefined && mine !== "unsure" && prefer !== "error" && prefer !== "flip" && mine !== prefer,
    };
  });
}

export type GradedTask = TaskView & {
  grades: (Pick<Grade, "side" | "criterion" | "verdict" | "prefer"> & { note: string | null; tags: string[] })[];
  comments: Comment[];
  revealed: Revealed;
};

/** One case that this person graded, with the grades that count now in the order of the screen. */
export type GradedRow = {
  task: string;
  case: string;
  at: Date;
  grades: {
    criterion: string;
    /** Of a preference null: it is about both. */
    side: "A" | "B" | null;
    says: NonNullable<Grade["verdict"] | Grade["prefer"]>;
    /** The judge that counts says otherwise. */
    overrides: boolean;
  }[];
};

/** The cases that this person graded, the latest first. */
export async function listGraded(actor: Actor, releaseId: number): Promise<GradedRow[]> {
  const grader = graderOf(actor);
  await reviewScope(db, actor.projectId, releaseId);
  return db.$queryRaw<GradedRow[]>`
    SELECT t.id AS task, c.key AS "case", t.completed_at AS at, given.grades
      FROM review_task t JOIN test_case c ON c.id = t.case_id JOIN release r ON r.id = t.release_id
      CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object(
                 'criterion', k.name,
                 'side', CASE WHEN rv.verdict IS NOT NULL THEN rv.side END,
                 'says', CASE WHEN rv.verdict IS NOT NULL THEN rv.verdict::text
                              WHEN rv.prefer = 'candidate' THEN rv.side
                              WHEN rv.prefer = 'baseline' THEN CASE rv.side WHEN 'A' THEN 'B' ELSE 'A' END
                              ELSE rv.prefer::text END,
                 'overrides', ${overridesInstrument})
                 ORDER BY rc.position, rv.side) AS grades
          FROM review rv
          JOIN release_criterion rc ON rc.release_id = rv.release_id AND rc.criterion_id = rv.criterion_id
          JOIN criterion k ON k.id = rv.criterion_id
          ${joinInstrument("rv")}
         WHERE rv.task_id = t.id AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
      ) given
     WHERE t.release_id = ${releaseId} AND t.reviewer_id = ${grader} AND t.completed_at IS NOT NULL
     ORDER BY t.completed_at DESC, t.id LIMIT 200`;
}

/** One of the actor's own graded tasks, with the grades that count now: to look at again, and to correct. */
export async function gradedTask(actor: Actor, releaseId: number, taskId: string): Promise<GradedTask> {
  const grader = graderOf(actor);
  const scope = await reviewScope(db, actor.projectId, releaseId);
  const [task] = await db.$queryRaw<Claimed[]>`
    SELECT t.id, t.case_id AS "caseId", d.swapped, t.expires_at AS "expiresAt"
      FROM review_task t JOIN queue_case d ON d.release_id = t.release_id AND d.case_id = t.case_id
     WHERE t.id = ${taskId} AND t.release_id = ${releaseId} AND t.reviewer_id = ${grader} AND t.completed_at IS NOT NULL`;
  if (!task && (await isCheck(db, releaseId, grader, taskId)))
    throw new Fault("conflict", "That case was a check on grading: its first answer is what counts.");
  if (!task) throw notFound("The graded case");
  type Row = {
    side: "A" | "B";
    criterion: string;
    verdict: Grade["verdict"] | null;
    prefer: Run | "tie" | "unsure" | null;
    note: string | null;
    tags: string[];
  };
  const rows = await db.$queryRaw<Row[]>`
    SELECT rv.side, c.key AS criterion, rv.verdict::text, rv.prefer::text, rv.note, rv.tags
      FROM review rv JOIN criterion c ON c.id = rv.criterion_id
     WHERE rv.release_id = ${releaseId} AND rv.case_id = ${task.caseId} AND rv.reviewer_id = ${grader}
       AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
     ORDER BY rv.side, c.key`;
  const view = await viewOf(db, actor, scope, task);
  const grades = rows.map(({ side, verdict, prefer, ...row }) =>
    prefer === null
      ? { side, verdict: verdict ?? undefined, ...row }
      : {
          prefer: prefer === "baseline" || prefer === "candidate" ? sideOf(prefer, task.swapped) : prefer,
          ...row,
        },
  );
  const said = await db.answerComment.findMany({
    where: { releaseId, caseId: task.caseId, reviewerId: grader },
    orderBy: { id: "asc" },
  });
  const comments = said.map(({ runId, quote, prefix, comment }) => ({
    side: sideOf(runId === scope.runs.candidate ? "candidate" : "baseline", task.swapped),
    quote,
    prefix,
    comment,
  }));
  return { ...view, grades, comments, revealed: await reveal(db, scope, task.caseId, task.swapped, grades) };
}

/** What checks on grading found: all reviewers for those who answer for the release or audit it, else only oneself. */
export async function listChecks(actor: Actor, releaseId: number): Promise<CheckReport[]> {
  permit(actor, "project.read");
  await reviewScope(db, actor.projectId, releaseId);
  const sees = may(actor, "release.draw") || may(actor, "audit.read");
  return reportChecks(db, releaseId, sees ? null : (personOf(actor) ?? 0));
}

export type GraderRow = { name: string; cases: number; overrides: number; medianMs: number | null; lastAt: Date };

/** Who graded how much, for the Review tab. */
export async function listGraders(actor: Actor, releaseId: number): Promise<GraderRow[]> {
  permit(actor, "project.read");
  await reviewScope(db, actor.projectId, releaseId);
  return db.$queryRaw<GraderRow[]>`
    SELECT u.name, count(DISTINCT rv.case_id)::int AS cases,
           ${selectPace(Prisma.sql`${releaseId}`, Prisma.sql`u.id`)} AS "medianMs",
           count(*) FILTER (WHERE ${overridesInstrument}
             AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id))::int AS overrides,
           max(rv.created_at) AS "lastAt"
      FROM review rv JOIN app_user u ON u.id = rv.reviewer_id
      JOIN release_criterion rc ON rc.release_id = rv.release_id AND rc.criterion_id = rv.criterion_id
      JOIN release r ON r.id = rv.release_id
      ${joinInstrument("rv")}
     WHERE rv.release_id = ${releaseId} GROUP BY u.id, u.name ORDER BY 2 DESC, 1`;
}

/** The failure tags of the project that stand, the most used first; at most 200. */
export async function listTags(actor: Actor): Promise<string[]> {
  return (await listTaxonomy(actor)).slice(0, 200).map(({ name }) => name);
}

/** A failure tag with those that were renamed or merged into it, and how many current grades have one of them. */
export type TagRow = { id: number; name: string; was: string[]; uses: number; createdBy: string; createdAt: Date };

export async function listTaxonomy(actor: Actor): Promise<TagRow[]> {
  permit(actor, "project.read");
  return db.$queryRaw<TagRow[]>`
    SELECT t.id, t.name, ARRAY(SELECT old.name FROM failure_tag old WHERE old.merged_into_id = t.id ORDER BY old.name) AS was,
           coalesce(u.uses, 0)::int AS uses, t.created_by AS "createdBy", t.created_at AS "createdAt"
      FROM failure_tag t
      LEFT JOIN (SELECT coalesce(f.merged_into_id, f.id) AS id, count(DISTINCT rv.id) AS uses
                   FROM review rv JOIN release r ON r.id = rv.release_id AND r.project_id = ${actor.projectId}
                  CROSS JOIN LATERAL unnest(rv.tags) AS tag
                   JOIN failure_tag f ON f.project_id = r.project_id AND f.name = tag
                  WHERE NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id) GROUP BY 1) u ON u.id = t.id
     WHERE t.project_id = ${actor.projectId} AND t.merged_into_id IS NULL
     ORDER BY uses DESC, t.name COLLATE "C" LIMIT 1000`;
}

/** The name that stands for each tag now, where it is another: of tags that were renamed or merged. */
export async function tagNames(actor: Actor): Promise<Record<string, string>> {
  permit(actor, "project.read");
  const rows = await db.$queryRaw<{ name: string; now: string }[]>`
    SELECT t.name, n.name AS now FROM failure_tag t JOIN failure_tag n ON n.id = t.merged_into_id WHERE t.project_id = ${actor.projectId}`;
  return Object.fromEntries(rows.map(({ name, now }) => [name, now]));
}

export type Example = { id: number; verdict: "pass" | "fail"; text: string; why: string };
export type CriterionRow = {
  id: number;
  key: string;
  name: string;
  kind: "pass_fail" | "preference";
  rubric: string;
  examples: (Example & { createdBy: string })[];
};

/** The project's criteria with their rubrics and examples. */
export async function listCriteria(actor: Actor): Promise<CriterionRow[]> {
  permit(actor, "project.read");
  return db.$queryRaw<CriterionRow[]>`
    SELECT c.id, c.key, c.name, c.kind::text, c.rubric,
           coalesce((SELECT json_agg(json_build_object('id', e.id, 'verdict', e.verdict, 'text', e.text, 'why', e.why, 'createdBy', e.created_by) ORDER BY e.id)
                       FROM criterion_example e WHERE e.criterion_id = c.id AND e.removed_at IS NULL), '[]') AS examples
      FROM criterion c WHERE c.project_id = ${actor.projectId} ORDER BY c.name, c.id LIMIT 500`;
}
