import { appendAudit } from "../audit/append";
import { type Actor, personOf } from "../auth/actor";
import { allowed, may, permit } from "../auth/permit";
import { db } from "../db/client";
import { Prisma } from "../db/generated/client";
import { type Tx, transaction } from "../db/transaction";
import { Fault } from "../errors";
import { kappaOfTable } from "../stats/agreement";
import { hasPlace, refuseUnlessGrading, reviewScope, selectPace, waitingCases } from "./queries";

/** How the work on a release's sample stands, who is to do it, and how far those who did it agree. */

export const caseStates = ["needs_review", "needs_others", "disagreement", "adjudicated", "done"] as const;
export type CaseState = (typeof caseStates)[number];

export type QueuePerson = {
  id: number;
  name: string;
  /** Cases that are kept for this person and not graded by them yet. */
  assigned: number;
  /** Cases handed out to them now. */
  held: number;
  /** Cases that are either: what can be taken back. */
  waiting: number;
  graded: number;
  /** Cases that they put off and nobody has graded for them since. */
  putOff: number;
  medianMs: number | null;
  lastAt: Date | null;
};

/** What nobody else holds, has assigned or graded: it waits for the one who is named, or for anybody. */
export type StuckCase = {
  case: string;
  why: "put_off" | "disagreement" | "held_too_long" | "not_begun";
  who: string | null;
  reason: string | null;
  since: Date | null;
};

export type Queue = { states: Record<CaseState, number>; people: QueuePerson[]; stuck: StuckCase[] };

const mostListed = 200;
const graderRoles = [...allowed["review.grade"]];

/** Each case of the queue with its state, its graders, and how many it needs. */
function stateOfCases(releaseId: number): Prisma.Sql {
  return Prisma.sql`
    SELECT d.case_id, coalesce(g.graders, 0)::int AS graders, graders_needed(d.release_id, d.case_id) AS needed, g.last,
           CASE WHEN x.case_id IS NOT NULL THEN 'disagreement'
                WHEN coalesce(g.graders, 0) = 0 THEN 'needs_review'
                WHEN g.graders < graders_needed(d.release_id, d.case_id) THEN 'needs_others'
                WHEN a.case_id IS NOT NULL THEN 'adjudicated' ELSE 'done' END AS state
      FROM queue_case d
      LEFT JOIN (SELECT case_id, count(DISTINCT reviewer_id) AS graders, max(created_at) AS last
                   FROM review WHERE release_id = ${releaseId} GROUP BY 1) g ON g.case_id = d.case_id
      LEFT JOIN (SELECT DISTINCT case_id FROM human_label WHERE release_id = ${releaseId} AND label = 'disagreement') x ON x.case_id = d.case_id
      LEFT JOIN (SELECT DISTINCT case_id FROM adjudication WHERE release_id = ${releaseId}) a ON a.case_id = d.case_id
     WHERE d.release_id = ${releaseId}`;
}

/** How many cases stand where. For everyone in the project. */
export async function queueStates(actor: Actor, releaseId: number): Promise<Record<CaseState, number>> {
  permit(actor, "project.read");
  await reviewScope(db, actor.projectId, releaseId);
  const rows = await db.$queryRaw<{ state: CaseState; n: number }[]>`
    SELECT q.state, count(*)::int AS n FROM (${stateOfCases(releaseId)}) q GROUP BY 1`;
  const count = (state: CaseState) => rows.find((row) => row.state === state)?.n ?? 0;
  return {
    needs_review: count("needs_review"),
    needs_others: count("needs_others"),
    disagreement: count("disagreement"),
    adjudicated: count("adjudicated"),
    done: count("done"),
  };
}

export type CaseInState = {
  id: number;
  case: string;
  graders: number;
  needed: number;
  lastAt: Date | null;
  /** Who graded it. */
  by: string[];
  /** Who has it in hand, for those who hand out work. */
  holders: string[];
};

/**
 * The cases in one state, at most 200. Which of the cases that wait for this person others graded, or disagree about, is
 * not told: those are counted alone (docs/decisions/0004).
 */
export async function listCasesIn(
  actor: Actor,
  releaseId: number,
  state: CaseState,
): Promise<{ cases: CaseInState[]; more: number; hidden: number }> {
  permit(actor, "project.read");
  await reviewScope(db, actor.projectId, releaseId);
  const waiting = state === "needs_review" ? [] : (await waitingCases(actor, releaseId)).map(({ id }) => id);
  const seesHolders = may(actor, "review.assign");
  const rows = await db.$queryRaw<(CaseInState & { waits: boolean })[]>`
    SELECT c.id, c.key AS "case", q.graders, q.needed, q.last AS "lastAt", q.case_id = ANY (${waiting}::int[]) AS waits,
           ARRAY(SELECT u.name FROM app_user u WHERE u.id IN (
                   SELECT rv.reviewer_id FROM review rv WHERE rv.release_id = ${releaseId} AND rv.case_id = q.case_id) ORDER BY u.name) AS by,
           ARRAY(SELECT u.name FROM review_task t JOIN app_user u ON u.id = t.reviewer_id
                  WHERE ${seesHolders} AND t.release_id = ${releaseId} AND t.case_id = q.case_id
                    AND t.completed_at IS NULL AND t.skipped_at IS NULL AND t.expires_at > now() ORDER BY u.name) AS holders
      FROM (${stateOfCases(releaseId)}) q JOIN test_case c ON c.id = q.case_id
     WHERE q.state = ${state} ORDER BY q.last NULLS FIRST, c.key`;
  const open = rows.filter(({ waits }) => !waits).map(({ waits: _waits, ...row }) => row);
  return {
    cases: open.slice(0, mostListed),
    more: Math.max(0, open.length - mostListed),
    hidden: rows.length - open.length,
  };
}

/** Who is to grade what, how fast they are, and what does not move. For those who hand out work. */
export async function listQueue(actor: Actor, releaseId: number): Promise<Queue> {
  permit(actor, "review.assign");
  const states = await queueStates(actor, releaseId);
  const people = await db.$queryRaw<QueuePerson[]>`
    WITH kept AS (
      SELECT s.case_id, s.reviewer_id FROM assignment s WHERE s.release_id = ${releaseId}
         AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = s.release_id AND rv.case_id = s.case_id AND rv.reviewer_id = s.reviewer_id)
    )
    SELECT u.id, u.name,
           (SELECT count(*)::int FROM kept WHERE kept.reviewer_id = u.id) AS assigned,
           (SELECT count(*)::int FROM (SELECT case_id FROM kept WHERE kept.reviewer_id = u.id
              UNION SELECT case_id FROM review_task WHERE release_id = ${releaseId} AND reviewer_id = u.id
                       AND completed_at IS NULL AND skipped_at IS NULL AND expires_at > now()) either) AS waiting,
           count(t.id) FILTER (WHERE t.completed_at IS NULL AND t.skipped_at IS NULL AND t.expires_at > now())::int AS held,
           count(t.completed_at)::int AS graded,
           count(t.id) FILTER (WHERE t.completed_at IS NULL AND t.skipped_at IS NOT NULL)::int AS "putOff",
           ${selectPace(Prisma.sql`${releaseId}`, Prisma.sql`u.id`)} AS "medianMs",
           max(t.completed_at) AS "lastAt"
      FROM app_user u
      LEFT JOIN membership m ON m.user_id = u.id AND m.project_id = ${actor.projectId}
      LEFT JOIN review_task t ON t.release_id = ${releaseId} AND t.reviewer_id = u.id
     GROUP BY u.id, u.name
    HAVING count(t.id) > 0 OR bool_or(m.roles::text[] && ${graderRoles}::text[])
     ORDER BY count(t.completed_at) DESC, u.name`;
  const stuck = await db.$queryRaw<StuckCase[]>`
    SELECT c.key AS "case", w.why, u.name AS who, w.reason, w.since FROM (
      SELECT d.case_id, 'put_off' AS why, mine.reviewer_id, mine.skip_reason AS reason, mine.skipped_at AS since
        FROM review_task mine JOIN queue_case d ON d.release_id = mine.release_id AND d.case_id = mine.case_id
       WHERE d.release_id = ${releaseId} AND mine.skipped_at IS NOT NULL AND mine.completed_at IS NULL
         AND ${hasPlace(Prisma.sql`mine.reviewer_id`)}
      UNION ALL
      SELECT d.case_id, 'held_too_long', mine.reviewer_id, NULL, mine.claimed_at
        FROM review_task mine JOIN queue_case d ON d.release_id = mine.release_id AND d.case_id = mine.case_id
       WHERE d.release_id = ${releaseId} AND mine.completed_at IS NULL AND mine.skipped_at IS NULL
         AND mine.expires_at < now() - interval '1 day' AND ${hasPlace(Prisma.sql`mine.reviewer_id`)}
      UNION ALL
      SELECT s.case_id, 'not_begun', s.reviewer_id, NULL, s.assigned_at
        FROM assignment s WHERE s.release_id = ${releaseId} AND s.assigned_at < now() - interval '1 day'
         AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = s.release_id AND rv.case_id = s.case_id AND rv.reviewer_id = s.reviewer_id)
         AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = s.release_id AND rv.reviewer_id = s.reviewer_id AND rv.created_at > now() - interval '1 day')
         AND NOT EXISTS (SELECT 1 FROM review_task t WHERE t.release_id = s.release_id AND t.case_id = s.case_id AND t.reviewer_id = s.reviewer_id)
      UNION ALL
      SELECT l.case_id, 'disagreement', NULL, string_agg(DISTINCT k.name, ', '), max(rv.created_at)
        FROM human_label l JOIN criterion k ON k.id = l.criterion_id
        JOIN review rv ON rv.release_id = l.release_id AND rv.case_id = l.case_id
       WHERE l.release_id = ${releaseId} AND l.label = 'disagreement' GROUP BY l.case_id
    ) w JOIN test_case c ON c.id = w.case_id LEFT JOIN app_user u ON u.id = w.reviewer_id
     ORDER BY w.since LIMIT 200`;
  return { states, people, stuck };
}

type Place = { caseId: number; key: string; needed: number; taken: number[]; barred: number[] };

/** The queue of a release, in its order under lock, with whose places are taken and who may not grade the case. */
async function lockPlaces(tx: Tx, releaseId: number): Promise<Place[]> {
  await tx.$queryRaw`SELECT 1 FROM draw WHERE release_id = ${releaseId} ORDER BY position FOR UPDATE`;
  await tx.$queryRaw`SELECT 1 FROM chosen_case WHERE release_id = ${releaseId} ORDER BY position FOR UPDATE`;
  return tx.$queryRaw<Place[]>`
    SELECT d.case_id AS "caseId", c.key, graders_needed(d.release_id, d.case_id) AS needed,
           ARRAY(SELECT rv.reviewer_id FROM review rv WHERE rv.release_id = d.release_id AND rv.case_id = d.case_id
                 UNION SELECT t.reviewer_id FROM review_task t
                        WHERE t.release_id = d.release_id AND t.case_id = d.case_id AND t.completed_at IS NULL AND t.skipped_at IS NULL AND t.expires_at > now()
                 UNION SELECT s.reviewer_id FROM assignment s WHERE s.release_id = d.release_id AND s.case_id = d.case_id) AS taken,
           ARRAY(SELECT a.adjudicator_id FROM adjudication_task a WHERE a.release_id = d.release_id AND a.case_id = d.case_id
                 UNION SELECT d.chosen_by_id WHERE d.chosen_by_id IS NOT NULL) AS barred
      FROM queue_case d JOIN test_case c ON c.id = d.case_id WHERE d.release_id = ${releaseId} ORDER BY d.chosen, d.position`;
}

async function gradersNamed(
  tx: Tx,
  projectId: number,
  ids: readonly number[],
): Promise<{ id: number; name: string }[]> {
  const people = await tx.$queryRaw<{ id: number; name: string }[]>`
    SELECT u.id, u.name FROM membership m JOIN app_user u ON u.id = m.user_id
     WHERE m.project_id = ${projectId} AND u.id = ANY (${[...ids]}::int[]) AND m.roles::text[] && ${graderRoles}::text[]`;
  if (people.length < new Set(ids).size)
    throw new Fault("invalid", "Somebody chosen is no reviewer or release manager of this project.", {
      field: "reviewers",
    });
  return people;
}

/** Who assigns is a person: the record says who kept a case for whom. */
function assignerOf(actor: Actor): number {
  permit(actor, "review.assign");
  const person = personOf(actor);
  if (person === null) throw new Fault("forbidden", "Only a person assigns cases.");
  return person;
}

/**
 * Keeps open places of the queue for people, dealt out evenly in queue order; never two places of one case for one person,
 * nor a case for somebody who graded it or looked into a disagreement about it.
 *
 * @param input.cases at most so many for each person; without it, all that is open
 * @throws Fault `conflict` when nothing is left to assign
 */
export async function assignCases({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; reviewers: readonly number[]; cases?: number };
}): Promise<{ assigned: { reviewer: string; cases: number }[] }> {
  const assignedById = assignerOf(actor);
  const { releaseId } = input;
  if (input.reviewers.length === 0) throw new Fault("invalid", "Choose at least one person.", { field: "reviewers" });
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    refuseUnlessGrading(scope.state);
    const people = await gradersNamed(tx, actor.projectId, input.reviewers);
    const dealt = people.map((person) => ({ ...person, cases: [] as Place[] }));
    for (const place of await lockPlaces(tx, releaseId)) {
      for (let free = place.needed - place.taken.length; free > 0; free--) {
        const [next] = dealt
          .filter(
            ({ id, cases }) =>
              ![...place.taken, ...place.barred].includes(id) && cases.length < (input.cases ?? Infinity),
          )
          .sort((a, b) => a.cases.length - b.cases.length);
        if (!next) break;
        next.cases.push(place);
        place.taken.push(next.id);
      }
    }
    const rows = dealt.flatMap(({ id, cases }) =>
      cases.map(({ caseId }) => ({ releaseId, caseId, reviewerId: id, assignedById })),
    );
    if (rows.length === 0)
      throw new Fault(
        "conflict",
        "No place in the queue is open for them: every case is graded, assigned or in somebody's hands.",
      );
    await tx.assignment.createMany({ data: rows });
    const assigned = dealt.filter(({ cases }) => cases.length > 0);
    await appendAudit(tx, actor, {
      action: "review.assigned",
      subject: { kind: "release", id: String(releaseId) },
      details: { to: assigned.map(({ id, name, cases }) => ({ id, name, cases: cases.map(({ key }) => key) })) },
    });
    return { assigned: assigned.map(({ name, cases }) => ({ reviewer: name, cases: cases.length })) };
  });
}

/**
 * Takes back what waits for one person, assigned or in hand, and keeps it for another (`to`) or opens it to all. What they
 * graded stays theirs; a grade that was on its way for a case taken back is refused, and they are told.
 */
export async function reassignCases({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; from: number; to?: number };
}): Promise<{ taken: number; given: number; to: string | null }> {
  const assignedById = assignerOf(actor);
  const { releaseId, from } = input;
  if (from === input.to) throw new Fault("invalid", "That is the same person.", { field: "to" });
  return transaction(async (tx) => {
    const scope = await reviewScope(tx, actor.projectId, releaseId, true);
    refuseUnlessGrading(scope.state);
    const [to] = input.to === undefined ? [] : await gradersNamed(tx, actor.projectId, [input.to]);
    const places = await lockPlaces(tx, releaseId);
    const held = await tx.$queryRaw<{ caseId: number }[]>`
      DELETE FROM assignment s WHERE s.release_id = ${releaseId} AND s.reviewer_id = ${from}
         AND NOT EXISTS (SELECT 1 FROM review rv WHERE rv.release_id = s.release_id AND rv.case_id = s.case_id AND rv.reviewer_id = ${from})
      RETURNING s.case_id AS "caseId"`;
    // The claims go with it: one that ran out is a case that somebody did not finish, and these were taken back.
    const claimed = await tx.$queryRaw<{ caseId: number }[]>`
      DELETE FROM review_task WHERE release_id = ${releaseId} AND reviewer_id = ${from} AND completed_at IS NULL AND skipped_at IS NULL
         AND (expires_at > now() OR case_id = ANY (${held.map(({ caseId }) => caseId)}::int[]))
      RETURNING case_id AS "caseId"`;
    const freed = new Set([...held, ...claimed].map(({ caseId }) => caseId));
    if (freed.size === 0) throw new Fault("conflict", "Nothing waits for this person.", { field: "from" });
    const theirs = places.filter(({ caseId }) => freed.has(caseId));
    const given = to ? theirs.filter(({ taken, barred }) => ![...taken, ...barred].includes(to.id)) : [];
    if (to)
      await tx.assignment.createMany({
        data: given.map(({ caseId }) => ({ releaseId, caseId, reviewerId: to.id, assignedById })),
      });
    const person = await tx.user.findUniqueOrThrow({ where: { id: from }, select: { id: true, name: true } });
    await appendAudit(tx, actor, {
      action: to ? "review.assigned" : "review.unassigned",
      subject: { kind: "release", id: String(releaseId) },
      details: {
        from: person,
        cases: theirs.map(({ key }) => key),
        ...(to && { to: [{ ...to, cases: given.map(({ key }) => key) }] }),
      },
    });
    return { taken: freed.size, given: given.length, to: to?.name ?? null };
  });
}

/** Two people who graded the same answers (of a preference: cases) on one criterion. Counts; agreement in [0, 1]. */
export type PairAgreement = { first: string; second: string; answers: number; agree: number; kappa: number | null };
export type CriterionAgreement = { criterion: string; people: string[]; pairs: PairAgreement[] };

const said = ["pass", "fail", "unsure", "candidate", "baseline", "tie"];

/** Reviewer by reviewer, how far they agree; cases that this person may still be asked about are left out. */
export async function reviewerAgreement(actor: Actor, releaseId: number): Promise<CriterionAgreement[]> {
  permit(actor, "project.read");
  await reviewScope(db, actor.projectId, releaseId);
  const waiting = (await waitingCases(actor, releaseId)).map(({ id }) => id);
  type Row = { criterion: string; first: string; second: string; one: string; other: string; n: number };
  const rows = await db.$queryRaw<Row[]>`
    WITH current AS (
      SELECT rv.case_id, rv.run_id, rv.criterion_id, rv.reviewer_id, coalesce(rv.verdict::text, rv.prefer::text) AS said
        FROM review rv WHERE rv.release_id = ${releaseId} AND rv.case_id <> ALL (${waiting}::int[])
         AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)
    )
    SELECT k.name AS criterion, u.name AS first, w.name AS second, a.said AS one, b.said AS other, count(*)::int AS n
      FROM current a
      JOIN current b ON b.case_id = a.case_id AND b.criterion_id = a.criterion_id AND b.run_id IS NOT DISTINCT FROM a.run_id
                    AND b.reviewer_id > a.reviewer_id
      JOIN release_criterion rc ON rc.release_id = ${releaseId} AND rc.criterion_id = a.criterion_id
      JOIN criterion k ON k.id = a.criterion_id JOIN app_user u ON u.id = a.reviewer_id JOIN app_user w ON w.id = b.reviewer_id
     GROUP BY rc.position, k.name, a.reviewer_id, u.name, b.reviewer_id, w.name, a.said, b.said
     ORDER BY rc.position, u.name, w.name`;
  return [...new Set(rows.map(({ criterion }) => criterion))].map((criterion) => {
    const pairs = new Map<string, PairAgreement & { table: number[][] }>();
    for (const { first, second, one, other, n } of rows.filter((row) => row.criterion === criterion)) {
      const key = `${first}\n${second}`;
      const pair = pairs.get(key) ?? {
        first,
        second,
        answers: 0,
        agree: 0,
        kappa: null,
        table: said.map(() => said.map(() => 0)),
      };
      pair.answers += n;
      if (one === other) pair.agree += n;
      pair.table[said.indexOf(one)]![said.indexOf(other)]! += n;
      pairs.set(key, pair);
    }
    const found = [...pairs.values()].map(({ table, ...pair }) => ({ ...pair, kappa: kappaOfTable(table) }));
    return {
      criterion,
      people: [...new Set(found.flatMap(({ first, second }) => [first, second]))].sort(),
      pairs: found,
    };
  });
}
