import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { transaction, violates } from "../db/transaction";
import { digestOf } from "../digest";
import { Fault, notFound } from "../errors";
import { exampleSchema, tagNameSchema } from "./schema";

/** What the project keeps for its graders: failure tags, and examples to the rubrics. */

/**
 * Lets another name stand for a tag: a new one renames it, one that is there merges the two, which nothing takes apart
 * again. Grades keep the word they were given with.
 *
 * @throws Fault `conflict` on the field `merge` when there is a tag of that name and `merge` is not said
 */
export async function renameTag({
  actor,
  input,
}: {
  actor: Actor;
  input: { tagId: number; name: string; merge?: boolean };
}): Promise<{ merged: boolean }> {
  permit(actor, "tag.merge");
  const name = tagNameSchema.parse(input.name);
  const { projectId } = actor;
  return transaction(async (tx) => {
    const tag = await tx.failureTag.findFirst({ where: { id: input.tagId, projectId, mergedIntoId: null } });
    if (!tag) throw notFound("The tag");
    if (tag.name === name) throw new Fault("invalid", "That is its name already.", { field: "name" });
    const there = await tx.failureTag.findUnique({ where: { projectId_name: { projectId, name } } });
    // Back to a name it had before: the two change places.
    const returns = there?.mergedIntoId === tag.id;
    if (there?.mergedIntoId && !returns)
      throw new Fault("conflict", "That name was merged into another tag. Choose the tag that stands for it now.", {
        field: "name",
      });
    if (there && !returns && !input.merge)
      throw new Fault("conflict", `There is a tag “${name}” already.`, { field: "merge" });
    const into = there ?? (await tx.failureTag.create({ data: { projectId, name, createdBy: actor.name } }));
    if (returns) await tx.failureTag.update({ where: { id: into.id }, data: { mergedIntoId: null } });
    await tx.failureTag.updateMany({
      where: { projectId, OR: [{ id: tag.id }, { mergedIntoId: tag.id }], NOT: { id: into.id } },
      data: { mergedIntoId: into.id },
    });
    const merged = there !== null && !returns;
    await appendAudit(tx, actor, {
      action: merged ? "tag.merged" : "tag.renamed",
      subject: { kind: "tag", id: String(tag.id), name: tag.name },
      details: { from: tag.name, to: name },
    });
    return { merged };
  });
}

/** Adds a tag to the taxonomy before anybody has used it. */
export async function createTag({ actor, input }: { actor: Actor; input: { name: string } }): Promise<{ id: number }> {
  permit(actor, "tag.merge");
  const name = tagNameSchema.parse(input.name);
  try {
    return await transaction(async (tx) => {
      const { id } = await tx.failureTag.create({ data: { projectId: actor.projectId, name, createdBy: actor.name } });
      await appendAudit(tx, actor, { action: "tag.created", subject: { kind: "tag", id: String(id), name } });
      return { id };
    });
  } catch (error) {
    if (violates(error)) throw new Fault("conflict", "There is a tag of that name.", { field: "name" });
    throw error;
  }
}

/** Adds an example to a criterion's rubric. Graders see it from the next case on. */
export async function addExample({
  actor,
  input,
}: {
  actor: Actor;
  input: { criterionId: number; verdict: string; text: string; why: string };
}): Promise<{ id: number }> {
  permit(actor, "criterion.write");
  const { criterionId, ...rest } = input;
  const example = exampleSchema.parse(rest);
  return transaction(async (tx) => {
    const criterion = await tx.criterion.findFirst({ where: { id: criterionId, projectId: actor.projectId } });
    if (!criterion) throw notFound("The criterion");
    if (criterion.kind !== "pass_fail")
      throw new Fault("invalid", "Only what passes or fails has examples.", { field: "criterionId" });
    const { id } = await tx.criterionExample.create({ data: { criterionId, ...example, createdBy: actor.name } });
    await appendAudit(tx, actor, {
      action: "criterion.example_added",
      subject: { kind: "criterion", id: String(criterionId), name: criterion.key },
      after: digestOf(example),
      details: { example: id, verdict: example.verdict },
    });
    return { id };
  });
}

/** Takes an example out of the rubric; the row stays. */
export async function removeExample({ actor, input }: { actor: Actor; input: { exampleId: number } }): Promise<void> {
  permit(actor, "criterion.write");
  await transaction(async (tx) => {
    const [found] = await tx.$queryRaw<{ criterionId: number; key: string }[]>`
      UPDATE criterion_example e SET removed_at = now() FROM criterion c
       WHERE e.id = ${input.exampleId} AND c.id = e.criterion_id AND c.project_id = ${actor.projectId} AND e.removed_at IS NULL
      RETURNING c.id AS "criterionId", c.key`;
    if (!found) throw notFound("The example");
    await appendAudit(tx, actor, {
      action: "criterion.example_removed",
      subject: { kind: "criterion", id: String(found.criterionId), name: found.key },
      details: { example: input.exampleId },
    });
  });
}
