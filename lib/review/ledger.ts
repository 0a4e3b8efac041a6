import { type Actor, personOf } from "../auth/actor";
import { may, permit } from "../auth/permit";
import { db } from "../db/client";
import type { Sql } from "../db/transaction";
import { notFound } from "../errors";
import type { Hunk } from "../prompts/diff/hunks";
import { diffVersions } from "../prompts/diff/versions";
import type { Effect } from "./attribution";
import { waitingCases } from "./queries";

/** The hunk ledger: which change in the prompt helped and hurt which answers, by what people said. */

type Compared = {
  baseline: string;
  candidate: string;
  hunks: Hunk[];
  /** False where the text of one of the versions is unknown: there are no hunks to name then. */
  known: boolean;
  /** False when not every word could be compared. */
  exact: boolean;
};

/** What changed between the two versions that a release pins. */
export async function hunksOf(reader: Sql, projectId: number, releaseId: number): Promise<Compared> {
  type Row = Record<"baseline" | "candidate" | "before" | "after", string> &
    Record<"beforeContent" | "afterContent", string | null>;
  const [row] = await reader.$queryRaw<Row[]>`
    SELECT b.key AS baseline, b.digest AS before, b.content AS "beforeContent", k.key AS candidate, k.digest AS after, k.content AS "afterContent"
      FROM release r JOIN prompt_version b ON b.id = r.baseline_id JOIN prompt_version k ON k.id = r.candidate_id
     WHERE r.id = ${releaseId} AND r.project_id = ${projectId}`;
  if (!row) throw notFound("The release");
  const content = (text: string | null) => (text === null ? null : JSON.parse(text));
  const diff = diffVersions(
    { digest: row.before, content: content(row.beforeContent) },
    { digest: row.after, content: content(row.afterContent) },
  );
  const { baseline, candidate } = row;
  return { baseline, candidate, hunks: diff?.hunks ?? [], known: diff !== null, exact: diff?.exact ?? true };
}

export type LedgerCase = {
  caseId: number;
  case: string;
  slice: string | null;
  criterion: string;
  /** Who names this hunk, of those who named a reason. */
  by: string[];
  of: number;
};
export type LedgerCases = Record<Effect, LedgerCase[]>;
export type LedgerHunk = Omit<Hunk, "number"> & {
  /** Null: named by somebody, and no longer found between the versions as they are compared today. */
  number: number | null;
} & LedgerCases;

export type Ledger = Omit<Compared, "hunks"> & {
  hunks: LedgerHunk[];
  /** No hunk is the reason, somebody says. */
  none: LedgerCases;
  /** Better or worse in somebody's grades, and nobody has said why. */
  open: LedgerCases;
  /** True: cases wait for this person's blind grade, and nothing here tells what was said of them. */
  leavesOut: boolean;
};

type Row = Omit<LedgerCase, "by" | "of"> & { effect: Effect; reviewer: string; hunks: string[] | null };

/**
 * An attribution counts as long as its author's grades still say what it was about. Cases that wait for this person's
 * blind grade are left out, of the counts too.
 */
export async function getLedger(actor: Actor, releaseId: number): Promise<Ledger> {
  permit(actor, "project.read");
  const { hunks, ...compared } = await hunksOf(db, actor.projectId, releaseId);
  const waiting = (await waitingCases(actor, releaseId)).map(({ id }) => id);
  const rows = await db.$queryRaw<Row[]>`
    SELECT c.id AS "caseId", c.key AS "case", c.slice, k.key AS criterion, e.effect, u.name AS reviewer, a.hunks
      FROM graded_effect e JOIN test_case c ON c.id = e.case_id JOIN criterion k ON k.id = e.criterion_id
      JOIN release_criterion rc ON rc.release_id = e.release_id AND rc.criterion_id = e.criterion_id
      JOIN app_user u ON u.id = e.reviewer_id
      LEFT JOIN attribution a ON a.release_id = e.release_id AND a.case_id = e.case_id AND a.criterion_id = e.criterion_id
            AND a.reviewer_id = e.reviewer_id AND a.effect = e.effect
            AND NOT EXISTS (SELECT 1 FROM attribution newer WHERE newer.supersedes_id = a.id)
     WHERE e.release_id = ${releaseId} AND c.id <> ALL (${waiting})
     ORDER BY rc.position, c.key COLLATE "C", u.name`;
  const ledger = build(rows, hunks);
  const found = new Set(hunks.map(({ id }) => id));
  const gone = await storedHunks(
    releaseId,
    [...ledger.byHunk.keys()].filter((id) => !found.has(id)),
  );
  return {
    ...compared,
    hunks: [...hunks, ...gone].map((hunk) => ({ ...hunk, ...(ledger.byHunk.get(hunk.id) ?? noCases()) })),
    none: ledger.none,
    open: ledger.open,
    leavesOut: waiting.length > 0,
  };
}

const noCases = (): LedgerCases => ({ helped: [], hurt: [] });

function build(rows: readonly Row[], hunks: readonly Hunk[]) {
  const byHunk = new Map<string, LedgerCases>(hunks.map(({ id }) => [id, noCases()]));
  const [none, open] = [noCases(), noCases()];
  const flips = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.criterion, row.caseId, row.effect]);
    flips.set(key, [...(flips.get(key) ?? []), row]);
  }
  for (const said of flips.values()) {
    const { caseId, case: name, slice, criterion, effect } = said[0]!;
    const answers = said.filter((row) => row.hunks !== null);
    const entry = (by: readonly Row[]): LedgerCase => ({
      caseId,
      case: name,
      slice,
      criterion,
      by: by.map(({ reviewer }) => reviewer),
      of: answers.length,
    });
    if (answers.length === 0) {
      open[effect].push(entry([]));
      continue;
    }
    const nobody = answers.filter((row) => row.hunks?.length === 0);
    if (nobody.length > 0) none[effect].push(entry(nobody));
    for (const id of new Set(answers.flatMap((row) => row.hunks ?? []))) {
      const cases = byHunk.get(id) ?? noCases();
      byHunk.set(id, cases);
      cases[effect].push(entry(answers.filter((row) => row.hunks?.includes(id))));
    }
  }
  return { byHunk, none, open };
}

async function storedHunks(releaseId: number, ids: string[]): Promise<Omit<LedgerHunk, "helped" | "hurt">[]> {
  if (ids.length === 0) return [];
  const rows = await db.hunk.findMany({ where: { releaseId, id: { in: ids } }, orderBy: { id: "asc" } });
  return rows.map(({ id, kind, change, place, before, after }) => ({
    id,
    number: null,
    kind: kind as Hunk["kind"],
    change: change as Hunk["change"],
    where: place,
    before,
    after,
  }));
}

/** Cases, each once, however many criteria it is there for. */
export function countCases(cases: readonly LedgerCase[]): number {
  return new Set(cases.map(({ caseId }) => caseId)).size;
}

/** A criterion on which this person's grades tell the two answers of a case apart. */
export type OwnFlip = {
  criterion: string;
  name: string;
  effect: Effect;
  /** What they said so far; null: nothing. */
  hunks: string[] | null;
};
export type Attributable = Pick<Compared, "baseline" | "candidate" | "hunks" | "known"> & {
  case: string;
  flips: OwnFlip[];
};

/** What this person may attribute in a case that they graded; null where they have not. */
export async function attributable(actor: Actor, releaseId: number, key: string): Promise<Attributable | null> {
  permit(actor, "project.read");
  const { baseline, candidate, hunks, known } = await hunksOf(db, actor.projectId, releaseId);
  const person = personOf(actor);
  if (person === null || !may(actor, "review.grade")) return null;
  const graded = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM review_task t JOIN test_case c ON c.id = t.case_id
     WHERE t.release_id = ${releaseId} AND t.reviewer_id = ${person} AND t.completed_at IS NOT NULL AND c.key = ${key}`;
  if (graded.length === 0) return null;
  const flips = await db.$queryRaw<OwnFlip[]>`
    SELECT k.key AS criterion, k.name, e.effect, a.hunks
      FROM graded_effect e JOIN test_case c ON c.id = e.case_id JOIN criterion k ON k.id = e.criterion_id
      JOIN release_criterion rc ON rc.release_id = e.release_id AND rc.criterion_id = e.criterion_id
      LEFT JOIN attribution a ON a.release_id = e.release_id AND a.case_id = e.case_id AND a.criterion_id = e.criterion_id
            AND a.reviewer_id = e.reviewer_id AND a.effect = e.effect
            AND NOT EXISTS (SELECT 1 FROM attribution newer WHERE newer.supersedes_id = a.id)
     WHERE e.release_id = ${releaseId} AND e.reviewer_id = ${person} AND c.key = ${key}
     ORDER BY rc.position`;
  return { case: key, baseline, candidate, hunks, known, flips };
}

/** Whether this person may name a reason in a case now: they graded the two answers differently, and the release is grading. */
export async function mayAttribute(actor: Actor, releaseId: number, caseId: number): Promise<boolean> {
  permit(actor, "project.read");
  const person = personOf(actor);
  if (person === null || !may(actor, "review.grade")) return false;
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM graded_effect e JOIN release r ON r.id = e.release_id AND r.state = 'grading' AND r.project_id = ${actor.projectId}
     WHERE e.release_id = ${releaseId} AND e.case_id = ${caseId} AND e.reviewer_id = ${person} LIMIT 1`;
  return rows.length > 0;
}
