import { randomInt } from "node:crypto";
import { z } from "zod";
import { appendAudit } from "../audit/append";
import type { AuditAction } from "../audit/events";
import { type Actor, actorName, personOf } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { type Tx, transaction, violates } from "../db/transaction";
import { Fault, notFound } from "../errors";
import { refuseUnlessGrading } from "../review/queries";
import { caseFilterSchema } from "./case-filter";

/** What people do with the cases of a release beside grading them: add to the sample, tag, keep a view of the table. */

export const mostCases = 1000;

const idSchema = z.int().positive();
const casesSchema = z.array(idSchema).min(1, "Select a case first.").max(mostCases);
export const tagSchema = z.string().trim().min(1, "A tag needs a name.").max(100);

type Release = { name: string; state: string; datasetId: number };

/** The release of the actor's project, its state kept until the transaction ends, and how many of the cases are its own. */
async function releaseOf(tx: Tx, actor: Actor, releaseId: number, cases: readonly number[]): Promise<Release> {
  const [release] = await tx.$queryRaw<Release[]>`
    SELECT p.name || ' ' || b.key || ' → ' || k.key AS name, r.state::text, r.dataset_id AS "datasetId"
      FROM release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
      JOIN prompt_version k ON k.id = r.candidate_id
     WHERE r.id = ${releaseId} AND r.project_id = ${actor.projectId} FOR SHARE OF r`;
  if (!release) throw notFound("The release");
  const found = await tx.case.count({ where: { id: { in: [...cases] }, datasetId: release.datasetId } });
  if (found !== new Set(cases).size) throw notFound("A case");
  return release;
}

/**
 * Adds cases to what people are asked to grade, after the drawn ones. They are recorded as chosen: nobody knows how likely
 * it was, so they enter no estimate and no judge's trust. Whoever chose them has seen them, and is not asked to grade them.
 *
 * Left out: cases in the sample already, and cases that one of the runs has no answer to.
 */
export async function chooseCases({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; cases: number[] };
}): Promise<{ added: number }> {
  permit(actor, "release.draw");
  const cases = casesSchema.parse(input.cases);
  const releaseId = idSchema.parse(input.releaseId);
  return transaction(async (tx) => {
    const release = await releaseOf(tx, actor, releaseId, cases);
    refuseUnlessGrading(release.state);
    // Positions are given one after the other.
    await tx.$queryRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtext('chosen_case'), ${releaseId}::int)`;
    const added = await tx.$queryRaw<{ case: string }[]>`
      WITH added AS (
        INSERT INTO chosen_case (release_id, case_id, position, swapped, chosen_by_id, chosen_by)
        SELECT r.id, c.id, coalesce((SELECT max(position) FROM chosen_case WHERE release_id = r.id), 0) + row_number() OVER (ORDER BY given.place),
               given.swapped, ${personOf(actor)}::int, ${actorName(actor)}
          FROM unnest(${cases}::int[], ${cases.map(() => randomInt(2) === 1)}::bool[]) WITH ORDINALITY AS given (id, swapped, place)
          JOIN release r ON r.id = ${releaseId} JOIN test_case c ON c.id = given.id
          JOIN output ob ON ob.run_id = r.baseline_run_id AND ob.case_id = c.id AND ob.repeat = 0
          JOIN output oc ON oc.run_id = r.candidate_run_id AND oc.case_id = c.id AND oc.repeat = 0
         WHERE NOT EXISTS (SELECT 1 FROM queue_case q WHERE q.release_id = r.id AND q.case_id = c.id)
        ON CONFLICT (release_id, case_id) DO NOTHING
        RETURNING case_id, position
      )
      SELECT c.key AS "case" FROM added JOIN test_case c ON c.id = added.case_id ORDER BY added.position`;
    if (added.length > 0) {
      await appendAudit(tx, actor, {
        action: "release.cases_chosen",
        subject: { kind: "release", id: String(releaseId), name: release.name },
        details: { cases: added.map((row) => row.case) },
      });
    }
    return { added: added.length };
  });
}

/** Gives cases a tag of the project's own, or takes it away. Tags that a case was imported with stay. */
export async function tagCases({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; cases: number[]; tag: string; remove?: boolean };
}): Promise<{ changed: number }> {
  permit(actor, "case.tag");
  const cases = casesSchema.parse(input.cases);
  const tag = tagSchema.parse(input.tag);
  const releaseId = idSchema.parse(input.releaseId);
  return transaction(async (tx) => {
    await releaseOf(tx, actor, releaseId, cases);
    const changed = await tx.$queryRaw<{ case: string }[]>`
      WITH given AS (SELECT DISTINCT unnest(${cases}::int[]) AS id), added AS (
        INSERT INTO case_tag (case_id, tag, tagged_by) SELECT given.id, ${tag}, ${actorName(actor)} FROM given
         WHERE NOT ${Boolean(input.remove)}
        ON CONFLICT DO NOTHING RETURNING case_id
      ), removed AS (
        DELETE FROM case_tag t USING given WHERE t.case_id = given.id AND t.tag = ${tag} AND ${Boolean(input.remove)} RETURNING case_id
      )
      SELECT c.key AS "case" FROM test_case c
       WHERE c.id IN (SELECT case_id FROM added UNION ALL SELECT case_id FROM removed) ORDER BY c.id`;
    if (changed.length > 0) {
      await appendAudit(tx, actor, {
        action: input.remove ? "case.untagged" : "case.tagged",
        subject: { kind: "tag", id: tag },
        details: { release: releaseId, cases: changed.map((row) => row.case) },
      });
    }
    return { changed: changed.length };
  });
}

export type SavedView = { id: number; name: string; query: string; shared: boolean; by: string; own: boolean };

const viewName = z.string().trim().min(1, "A view needs a name.").max(100);
const viewSchema = z.strictObject({
  name: viewName,
  /** The query of the Cases tab's address. */
  query: z.string().max(8000),
  shared: z.boolean().default(false),
});
const mostViews = 50;

/** What of an address makes a view: filters, order and columns, not the page or the case that happens to be open. */
function viewQuery(query: string): string {
  const given = new URLSearchParams(query);
  const { after: _after, before: _before, ...filter } = caseFilterSchema.parse(Object.fromEntries(given));
  const kept = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) kept.set(name, value);
  const hide = given.get("hide");
  if (hide && /^[\w,-]{1,1000}$/.test(hide)) kept.set("hide", hide);
  return kept.toString();
}

function personal(actor: Actor): number {
  const userId = personOf(actor);
  if (userId === null) throw new Fault("forbidden", "Views are kept by people.");
  return userId;
}

/** This person's views of Cases and those shared with the project, by name. */
export async function listViews(actor: Actor): Promise<SavedView[]> {
  permit(actor, "project.read");
  const userId = personOf(actor);
  const found = await db.savedView.findMany({
    where: { projectId: actor.projectId, OR: [{ shared: true }, ...(userId === null ? [] : [{ userId }])] },
    select: { id: true, name: true, query: true, shared: true, userId: true, user: { select: { name: true } } },
    orderBy: [{ name: "asc" }, { id: "asc" }],
  });
  return found.map(({ user, userId: owner, ...view }) => ({ ...view, by: user.name, own: owner === userId }));
}

type ViewRow = { id: number; name: string; query: string; shared: boolean };

async function recordView(tx: Tx, actor: Actor, action: AuditAction, view: ViewRow, before?: string): Promise<void> {
  await appendAudit(tx, actor, {
    action,
    subject: { kind: "view", id: String(view.id), name: view.name },
    details: { query: view.query, shared: view.shared, ...(before === undefined ? {} : { before }) },
  });
}

const taken = (name: string) => new Fault("conflict", `There is a view “${name}” already.`, { field: "name" });

/** Keeps a view under a name: for oneself, or shared with the project. The same name of one's own again replaces it. */
export async function saveView({
  actor,
  input,
}: {
  actor: Actor;
  input: z.input<typeof viewSchema>;
}): Promise<SavedView> {
  const { name, query: given, shared } = viewSchema.parse(input);
  permit(actor, shared ? "view.share" : "view.save");
  const owner = { projectId: actor.projectId, userId: personal(actor) };
  const query = viewQuery(given);
  try {
    return await transaction(async (tx) => {
      const others = await tx.savedView.count({ where: { ...owner, name: { not: name } } });
      if (others >= mostViews) throw new Fault("conflict", `At most ${mostViews} views are kept. Delete one first.`);
      const view = await tx.savedView.upsert({
        where: { projectId_userId_name: { ...owner, name } },
        create: { ...owner, name, query, shared },
        update: { query, shared },
        select: { id: true, name: true, query: true, shared: true },
      });
      await recordView(tx, actor, "view.saved", view);
      return { ...view, by: actor.name, own: true };
    });
  } catch (error) {
    if (violates(error)) throw taken(name);
    throw error;
  }
}

/** One's own view; an administrator may put shared ones in order too. Others' private ones are as if not there. */
async function lockView(tx: Tx, actor: Actor, id: number): Promise<ViewRow> {
  permit(actor, "view.save");
  const userId = personal(actor);
  const [view] = await tx.$queryRaw<(ViewRow & { userId: number })[]>`
    SELECT id, name, query, shared, user_id AS "userId" FROM saved_view
     WHERE id = ${idSchema.parse(id)} AND project_id = ${actor.projectId} FOR UPDATE`;
  if (!view || (!view.shared && view.userId !== userId)) throw notFound("The view");
  if (view.userId !== userId && !actor.roles.includes("administrator")) {
    throw new Fault("forbidden", "Only who saved a view, or an administrator, may change it.");
  }
  return view;
}

export async function renameView({
  actor,
  input,
}: {
  actor: Actor;
  input: { id: number; name: string };
}): Promise<void> {
  const name = viewName.parse(input.name);
  try {
    await transaction(async (tx) => {
      const view = await lockView(tx, actor, input.id);
      if (view.name === name) return;
      await tx.savedView.update({ where: { id: view.id }, data: { name } });
      await recordView(tx, actor, "view.renamed", { ...view, name }, view.name);
    });
  } catch (error) {
    if (violates(error)) throw taken(name);
    throw error;
  }
}

export async function deleteView({ actor, input }: { actor: Actor; input: { id: number } }): Promise<void> {
  await transaction(async (tx) => {
    const view = await lockView(tx, actor, input.id);
    await tx.savedView.delete({ where: { id: view.id } });
    await recordView(tx, actor, "view.deleted", view);
  });
}
