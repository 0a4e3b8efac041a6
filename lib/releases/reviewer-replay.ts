import { type AuditEvent, parseLeaf } from "../audit/leaf";
import { keyOf, subjectKey } from "../audit/search";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db, pool } from "../db/client";
import { canonicalJson, sha256Hex } from "../digest";
import { notFound } from "../errors";
import {
  type Revealed,
  type ReviewScope,
  reveal,
  reviewScope,
  type TaskView,
  viewOf,
  waitingCases,
} from "../review/queries";
import { runOf, sideOf } from "../review/rules";
import type { Comment, Grade } from "../review/schema";
import { revealedDigest, type SeenGrade, seenDigest } from "../review/seen";

/**
 * What each reviewer of a decided release saw and said, case by case in the order in which they graded, from the stored
 * rows; each step is held against the audit log and against the evidence that was signed. Open releases can't be replayed:
 * what a blind reviewer may not know is in here (docs/decisions/0004).
 */

export type Reviewer = {
  id: number;
  name: string;
  cases: number;
  corrections: number;
  checks: number;
  settled: number;
  first: Date;
  last: Date;
};

type Decided = { id: number; releaseId: number; prompt: string; baseline: string; candidate: string; evidence: string };

async function decided(actor: Actor, decisionId: number): Promise<Decided> {
  permit(actor, "audit.read");
  const { rows } = await pool().query<Decided>(
    `SELECT d.id, d.release_id AS "releaseId", p.name AS prompt, b.key AS baseline, k.key AS candidate, e.body AS evidence
       FROM decision d JOIN release r ON r.id = d.release_id JOIN prompt p ON p.id = r.prompt_id
       JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
       JOIN evidence e ON e.release_id = r.id AND e.digest = d.evidence_digest
      WHERE d.id = $1 AND r.project_id = $2`,
    [decisionId, actor.projectId],
  );
  if (!rows[0]) throw notFound("The decision");
  return rows[0];
}

type Kind = "graded" | "check" | "settled";
type Done = {
  kind: Kind;
  task: string;
  caseId: number;
  case: string;
  reviewerId: number;
  swapped: boolean;
  handedOut: Date;
  at: Date;
};

/** Everything that people finished in a release, in the order of time: `$1` the release. */
const doneSql = `
  SELECT 'graded' AS kind, t.id AS task, t.case_id AS "caseId", c.key AS "case", t.reviewer_id AS "reviewerId", q.swapped,
         t.claimed_at AS "handedOut", t.completed_at AS at
    FROM review_task t JOIN test_case c ON c.id = t.case_id JOIN queue_case q ON q.release_id = t.release_id AND q.case_id = t.case_id
   WHERE t.release_id = $1 AND t.completed_at IS NOT NULL
  UNION ALL
  SELECT 'check', k.id, k.case_id, c.key, k.reviewer_id, k.swapped, k.claimed_at, k.completed_at
    FROM review_check k JOIN test_case c ON c.id = k.case_id WHERE k.release_id = $1 AND k.completed_at IS NOT NULL
  UNION ALL
  SELECT 'settled', t.id, t.case_id, c.key, t.adjudicator_id, q.swapped, t.claimed_at, t.completed_at
    FROM adjudication_task t JOIN test_case c ON c.id = t.case_id JOIN queue_case q ON q.release_id = t.release_id AND q.case_id = t.case_id
   WHERE t.release_id = $1 AND t.completed_at IS NOT NULL
  ORDER BY at, task`;

async function allDone(releaseId: number): Promise<Done[]> {
  return (await pool().query<Done>(doneSql, [releaseId])).rows;
}

export type ReplayOverview = Omit<Decided, "evidence"> & {
  reviewers: Reviewer[];
  /** Who worked on the case that was asked for, and at which of their steps. */
  found: { reviewerId: number; name: string; step: number; kind: Kind; at: Date }[] | null;
};

/** Who reviewed what; with `caseKey` also where each of them met this case. */
export async function replayOverview(actor: Actor, decisionId: number, caseKey?: string): Promise<ReplayOverview> {
  const { evidence: _, ...decision } = await decided(actor, decisionId);
  const done = await allDone(decision.releaseId);
  const people = await namesOf(done.map(({ reviewerId }) => reviewerId));
  const { rows: corrected } = await pool().query<{ reviewerId: number; n: number }>(
    `SELECT reviewer_id AS "reviewerId", count(DISTINCT (case_id, created_at))::int AS n FROM review
      WHERE release_id = $1 AND supersedes_id IS NOT NULL GROUP BY 1`,
    [decision.releaseId],
  );
  const reviewers = [...people].map(([id, name]): Reviewer => {
    const own = done.filter(({ reviewerId }) => reviewerId === id);
    const count = (kind: Kind) => own.filter((one) => one.kind === kind).length;
    return {
      ...{ id, name, cases: count("graded"), checks: count("check"), settled: count("settled") },
      corrections: corrected.find(({ reviewerId }) => reviewerId === id)?.n ?? 0,
      ...{ first: own[0]!.at, last: own.at(-1)!.at },
    };
  });
  const stepOf = (row: Done) => done.filter(({ reviewerId }) => reviewerId === row.reviewerId).indexOf(row) + 1;
  const found = caseKey
    ? done
        .filter((row) => row.case === caseKey)
        .map((row) => ({
          ...{ reviewerId: row.reviewerId, kind: row.kind, at: row.at },
          ...{ name: people.get(row.reviewerId) ?? "", step: stepOf(row) },
        }))
    : null;
  return { ...decision, reviewers, found };
}

async function namesOf(ids: readonly number[]): Promise<Map<number, string>> {
  const users = await db.user.findMany({ where: { id: { in: [...new Set(ids)] } }, select: { id: true, name: true } });
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return new Map([...new Set(ids)].map((id) => [id, names.get(id) ?? `person ${id}`]));
}

type Given = Pick<Grade, "side" | "criterion" | "verdict" | "prefer"> & { note: string | null; tags: string[] };

export type Finding = {
  /** `unknown`: the log kept nothing to hold it against at that time. */
  state: "matches" | "differs" | "unknown";
  says: string;
  /** Of the log. */
  entry: number | null;
};

export type ReplayStep = {
  reviewer: { id: number; name: string };
  step: number;
  of: number;
  kind: Kind;
  case: string;
  /** When the server handed the case out, and when the grade was stored. */
  handedOut: Date;
  at: Date;
  /** How long the case was on the screen, as the browser counted. */
  tookMs: number | null;
  /** Null: the case waits for the blind grade of whoever replays. */
  view: TaskView | null;
  sides: { A: string; B: string };
  grades: Given[];
  /** What the server told when the grade was stored; null where it told nothing. */
  revealed: Revealed | null;
  /** Later changes of mind, each with the grades that were changed. */
  corrections: { at: Date; grades: Given[] }[];
  comments: Comment[];
  settled: { outcome: string; note: string | null; shown: (Given & { grader: number })[] } | null;
  findings: Finding[];
};

type ReviewRow = SeenGrade & {
  id: number;
  note: string | null;
  reviewerId: number;
  tookMs: number | null;
  supersedes: number | null;
  at: Date;
};

/** One step of one reviewer: 1 is the first case that they graded. */
export async function replayStep(
  actor: Actor,
  decisionId: number,
  input: { reviewer: number; step: number },
): Promise<ReplayStep> {
  const decision = await decided(actor, decisionId);
  const { releaseId } = decision;
  const own = (await allDone(releaseId)).filter(({ reviewerId }) => reviewerId === input.reviewer);
  const row = own[input.step - 1];
  if (!row) throw notFound("The step");
  const scope = await reviewScope(db, actor.projectId, releaseId);
  const waiting = (await waitingCases(actor, releaseId)).some(({ id }) => id === row.caseId);
  const evidence = readEvidence(decision.evidence);
  const reviews = await reviewsOf(releaseId, row.caseId);
  const entries = await entriesOf(actor, releaseId, row.case);
  const name = (await namesOf([input.reviewer])).get(input.reviewer) ?? "";
  const told = await pool().query<{ answer: string; digest: string }>(
    "SELECT answer, request_digest AS digest FROM review_submission WHERE release_id = $1 AND task_id = $2",
    [releaseId, row.task],
  );
  const detail =
    row.kind === "graded"
      ? graded(row, reviews, evidence, entries, told.rows[0])
      : row.kind === "check"
        ? await checked(row, entries, told.rows[0])
        : await settledStep(row, reviews, evidence, entries, scope);
  const sides = { A: scope.versions[runOf("A", row.swapped)], B: scope.versions[runOf("B", row.swapped)] };
  const head = {
    ...{ reviewer: { id: input.reviewer, name }, step: input.step, of: own.length, kind: row.kind, case: row.case },
    ...{ handedOut: row.handedOut, at: row.at, sides },
  };
  if (waiting) {
    const nothing = { view: null, grades: [], revealed: null, corrections: [], comments: [], settled: null };
    return { ...head, tookMs: null, ...nothing, findings: detail.findings };
  }
  return {
    ...head,
    ...detail,
    view: await viewThen(actor, scope, row, evidence),
    comments: await commentsOf(releaseId, row, scope),
  };
}

/** The case as it stood on the screen, with the rubric of the evidence: examples of today were not there. */
async function viewThen(actor: Actor, scope: ReviewScope, row: Done, evidence: Evidence): Promise<TaskView> {
  const { rows } = await pool().query<{ text: string }>(
    `SELECT s.text FROM review_check k JOIN sentinel s ON s.id = k.sentinel_id WHERE k.id = $1`,
    [row.task],
  );
  const task = { id: row.task, caseId: row.caseId, swapped: row.swapped, expiresAt: row.at };
  const view = await viewOf(db, actor, scope, { ...task, candidateText: rows[0]?.text ?? null });
  return {
    ...view,
    criteria: view.criteria.map(({ examples: _, ...criterion }) => ({
      ...criterion,
      rubric: evidence.criteria?.find(({ key }) => key === criterion.key)?.rubric ?? criterion.rubric,
    })),
  };
}

async function reviewsOf(releaseId: number, caseId: number): Promise<ReviewRow[]> {
  const { rows } = await pool().query<ReviewRow>(
    `SELECT rv.id, rv.reviewer_id AS "reviewerId", k.key AS criterion, rv.side, rv.verdict::text, rv.prefer::text, rv.note, rv.tags,
            CASE WHEN rv.note IS NOT NULL THEN text_digest('review', rv.id::text, 'note', rv.note) END AS "noteDigest", rv.blind, rv.took_ms AS "tookMs", rv.supersedes_id AS supersedes, rv.created_at AS at
       FROM review rv JOIN criterion k ON k.id = rv.criterion_id
      WHERE rv.release_id = $1 AND rv.case_id = $2 ORDER BY rv.id`,
    [releaseId, caseId],
  );
  return rows;
}

async function commentsOf(releaseId: number, row: Done, scope: ReviewScope): Promise<Comment[]> {
  const said = await db.answerComment.findMany({
    where: { releaseId, caseId: row.caseId, reviewerId: row.reviewerId },
    orderBy: { id: "asc" },
  });
  return said.map(({ runId, quote, prefix, comment }) => ({
    side: sideOf(runId === scope.runs.candidate ? "candidate" : "baseline", row.swapped),
    ...{ quote, prefix, comment },
  }));
}

/** As the person gave it: a preference by side. */
function asGiven(grade: Omit<SeenGrade, "noteDigest"> & { note: string | null }, swapped: boolean): Given {
  const { criterion, side, verdict, prefer, note, tags } = grade;
  const rest = { criterion, note, tags: [...tags] };
  if (prefer === null) return { ...rest, side: side as "A" | "B", verdict: verdict as Given["verdict"] };
  const preferred = prefer === "baseline" || prefer === "candidate" ? sideOf(prefer, swapped) : prefer;
  return { ...rest, prefer: preferred as Given["prefer"] };
}

// Held against the log and the evidence.

type Entry = { index: number; event: AuditEvent };

/** The log's entries about one case of the release. */
async function entriesOf(actor: Actor, releaseId: number, caseKey: string): Promise<Entry[]> {
  const { rows } = await pool().query<{ index: number; leaf: Buffer }>(
    `SELECT "index", leaf FROM audit_entry
      WHERE project_id = $1 AND ${subjectKey} = $2 AND action IN ('review.given', 'review.superseded', 'check.graded',
            'review.adjudicated', 'review.returned') ORDER BY "index"`,
    [actor.projectId, keyOf(`release:${releaseId}`)],
  );
  return rows.flatMap(({ index, leaf }) => {
    try {
      const event = parseLeaf(leaf);
      return event.details?.case === caseKey ? { index, event } : [];
    } catch {
      return [];
    }
  });
}

function byReviewer(entries: readonly Entry[], row: Done, ...actions: string[]): Entry[] {
  return entries.filter(({ event: { action, actor, details } }) => {
    const person = actor.kind === "token" ? actor.userId : actor.id;
    const other = details?.task !== undefined && details.task !== row.task;
    return actions.includes(action) && person === row.reviewerId && !other;
  });
}

const finding = (holds: boolean, says: [holds: string, not: string], entry: number | null): Finding => ({
  state: holds ? "matches" : "differs",
  says: says[holds ? 0 : 1],
  entry,
});

const missing = (what: string): Finding => ({
  state: "differs",
  says: `The log has no entry for ${what}.`,
  entry: null,
});

function graded(
  row: Done,
  all: readonly ReviewRow[],
  evidence: Evidence,
  entries: readonly Entry[],
  told: { answer: string; digest: string } | undefined,
) {
  const reviews = all.filter(({ reviewerId }) => reviewerId === row.reviewerId);
  const first = reviews.filter(({ supersedes }) => supersedes === null);
  const later = reviews.filter(({ supersedes }) => supersedes !== null);
  const moments = [...new Set(later.map(({ at }) => at.getTime()))].sort((a, b) => a - b);
  const corrections = moments.map((at) => later.filter((review) => review.at.getTime() === at));
  const given = byReviewer(entries, row, "review.given")[0];
  const superseded = byReviewer(entries, row, "review.superseded");
  const findings = [
    ...(given ? deliveryFindings(given, row, first, told) : [missing("these grades")]),
    finding(
      reviews.every((review) => isFrozen(review, row, evidence)),
      [
        "The grades, their sides and times are those of the evidence that was signed.",
        "The grades are not those of the evidence that was signed.",
      ],
      null,
    ),
    ...corrections.map((rows): Finding => {
      const ids = rows.map(({ supersedes }) => supersedes).sort();
      const entry = superseded.find(
        ({ event }) =>
          canonicalJson([...((event.details?.supersedes as number[]) ?? [])].sort()) === canonicalJson(ids),
      );
      if (!entry) return missing("a correction");
      const seen = entry.event.details?.seen;
      if (seen === undefined)
        return {
          state: "matches",
          says: "The correction is in the log, by the grades it took the place of.",
          entry: entry.index,
        };
      const again = seenDigest({ task: row.task, case: row.case, swapped: row.swapped, grades: rows, answer: null });
      return finding(
        seen === again,
        ["The correction has the digest in the log.", "The correction is not what the log has a digest of."],
        entry.index,
      );
    }),
  ];
  return {
    tookMs: first[0]?.tookMs ?? null,
    grades: first.map((review) => asGiven(review, row.swapped)),
    revealed: told ? (JSON.parse(told.answer) as { revealed: Revealed }).revealed : null,
    corrections: corrections.map((rows) => ({ at: rows[0]!.at, grades: rows.map((one) => asGiven(one, row.swapped)) })),
    settled: null,
    findings,
  };
}

/** What was sent, and what it was answered with, against the entry of the log. */
function deliveryFindings(
  { index, event }: Entry,
  row: Done,
  first: readonly SeenGrade[],
  told: { answer: string; digest: string } | undefined,
): Finding[] {
  const { seen } = event.details ?? {};
  const again = seenDigest({
    ...{ task: row.task, case: row.case, swapped: row.swapped },
    ...{ grades: first, answer: told?.answer ?? null },
  });
  return [
    finding(
      told?.digest === event.after && (event.details?.grades ?? first.length) === first.length,
      ["What was sent has the digest in the log.", "What was sent is not what the log has a digest of."],
      index,
    ),
    seen === undefined
      ? {
          state: "unknown",
          says: "At that time the log kept no digest of the sides and of what was revealed.",
          entry: index,
        }
      : finding(
          seen === again,
          [
            "The sides, the grades and what was revealed have the digest in the log.",
            "The sides, the grades or what was revealed are not what the log has a digest of.",
          ],
          index,
        ),
  ];
}

async function checked(row: Done, entries: readonly Entry[], told: { answer: string; digest: string } | undefined) {
  const { rows } = await pool().query<SeenGrade & { note: string | null; tookMs: number | null }>(
    `SELECT k.key AS criterion, g.side, g.verdict::text, g.prefer::text, g.note, '{}'::text[] AS tags, true AS blind, g.took_ms AS "tookMs",
            CASE WHEN g.note IS NOT NULL THEN text_digest('check_grade', concat_ws('/', g.check_id, g.criterion_id, g.side), 'note', g.note) END AS "noteDigest"
       FROM check_grade g JOIN criterion k ON k.id = g.criterion_id WHERE g.check_id = $1 ORDER BY g.side, k.key`,
    [row.task],
  );
  const entry = byReviewer(entries, row, "check.graded")[0];
  return {
    tookMs: rows[0]?.tookMs ?? null,
    grades: rows.map((one) => asGiven(one, row.swapped)),
    revealed: told ? (JSON.parse(told.answer) as { revealed: Revealed }).revealed : null,
    corrections: [],
    settled: null,
    findings: entry ? deliveryFindings(entry, row, rows, told) : [missing("this check")],
  };
}

async function settledStep(
  row: Done,
  reviews: readonly ReviewRow[],
  evidence: Evidence,
  entries: readonly Entry[],
  scope: ReviewScope,
) {
  const task = await db.adjudicationTask.findUniqueOrThrow({ where: { id: row.task } });
  const labels = await db.adjudication.findMany({ where: { taskId: row.task }, orderBy: { id: "asc" } });
  const grades = labels.map(({ runId, criterionId, verdict, prefer }) => {
    const run = runId === scope.runs.candidate ? ("candidate" as const) : ("baseline" as const);
    const criterion = scope.criteria.find(({ id }) => id === criterionId)?.key ?? "";
    return asGiven(
      { criterion, side: sideOf(run, row.swapped), verdict, prefer, note: null, tags: [], blind: true },
      row.swapped,
    );
  });
  // The grades that counted at that moment.
  const before = reviews.filter(({ at }) => at <= row.at);
  const replaced = new Set(before.map(({ supersedes }) => supersedes));
  const shown = before.filter(({ id }) => !replaced.has(id));
  const graders = [...new Set(shown.map(({ reviewerId }) => reviewerId))];
  const entry = byReviewer(entries, row, "review.adjudicated", "review.returned")[0];
  const frozen = evidence.adjudications?.find(({ case: key, at }) => key === row.case && at === row.at.toISOString());
  const seen = ((entry?.event.details?.seen as number[]) ?? []).slice().sort((a, b) => a - b);
  // The answer is not kept, and what it was made of does not change: it is told again. What went back revealed nothing.
  const revealed = labels.length > 0 ? await reveal(db, scope, row.caseId, row.swapped, grades) : null;
  const kept = entry?.event.details?.revealed;
  return {
    tookMs: null,
    grades,
    revealed,
    corrections: [],
    settled: {
      outcome: task.outcome ?? "",
      note: task.note,
      shown: shown.map((one) => ({ ...asGiven(one, row.swapped), grader: graders.indexOf(one.reviewerId) + 1 })),
    },
    findings: [
      entry
        ? finding(
            entry.event.details?.outcome === task.outcome &&
              canonicalJson(seen) === canonicalJson(shown.map(({ id }) => id).sort((a, b) => a - b)),
            [
              "The outcome and the grades that were shown are those in the log.",
              "The outcome or the grades that were shown are not those in the log.",
            ],
            entry.index,
          )
        : missing("how this was settled"),
      ...(entry && revealed
        ? [
            kept === undefined
              ? ({
                  state: "unknown",
                  says: "At that time the log kept no digest of what was revealed.",
                  entry: entry.index,
                } as const)
              : finding(
                  kept === revealedDigest(revealed),
                  [
                    "The sides and what was revealed have the digest in the log.",
                    "The sides or what was revealed are not what the log has a digest of.",
                  ],
                  entry.index,
                ),
          ]
        : []),
      finding(
        frozen?.outcome === task.outcome && frozen?.labels.length === labels.length,
        ["It is in the evidence that was signed.", "It is not so in the evidence that was signed."],
        null,
      ),
    ],
  };
}

type Evidence = {
  criteria?: { key: string; rubric?: string }[];
  reviews?: Record<string, unknown>[];
  adjudications?: { case: string; at: string; outcome: string; labels: unknown[] }[];
};

function readEvidence(body: string): Evidence {
  try {
    return JSON.parse(body) as Evidence;
  } catch {
    return {};
  }
}

function isFrozen(review: ReviewRow, row: Done, { reviews = [] }: Evidence): boolean {
  const frozen = reviews.find(({ id }) => id === review.id);
  if (!frozen) return false;
  const pick = (from: Record<string, unknown>) => ({
    ...{ case: from.case, criterion: from.criterion, side: from.side, blind: from.blind },
    ...{
      tags: from.tags,
      verdict: from.verdict ?? null,
      prefer: from.prefer ?? null,
      supersedes: from.supersedes ?? null,
    },
    ...{ tookMs: from.tookMs ?? null, at: from.at, reviewer: (from.reviewer as { id?: number } | undefined)?.id },
  });
  const { at, reviewerId, noteDigest, ...rest } = review;
  const stored = { ...rest, case: row.case, at: at.toISOString(), reviewer: { id: reviewerId } };
  return (
    frozenDigest(frozen.note) === noteDigest &&
    canonicalJson(pick(frozen)) === canonicalJson(pick(stored as unknown as Record<string, unknown>))
  );
}

/** Of a note in evidence: word for word in the former form, a digest today. */
function frozenDigest(note: unknown): string | null {
  if (typeof note === "string") return sha256Hex(note);
  return (note as { sha256?: string } | null | undefined)?.sha256 ?? null;
}
