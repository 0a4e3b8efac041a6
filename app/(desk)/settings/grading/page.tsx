import type { Metadata } from "next";
import { Badge } from "@/components/ui/badge";
import { EmptyState } from "@/components/ui/empty-state";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Textarea } from "@/components/ui/textarea";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { type CriterionRow, listCriteria, listTaxonomy } from "@/lib/review/queries";
import { ActionForm } from "../_components/action-form";
import { Examples } from "./_components/examples";
import { Tags } from "./_components/tags";
import { addExampleAction, createTagAction } from "./actions";

export const metadata: Metadata = { title: "Grading" };

export default async function GradingPage() {
  const actor = await requireActor();
  const [tags, criteria] = await Promise.all([listTaxonomy(actor), listCriteria(actor)]);
  const shapesTags = may(actor, "tag.merge");
  const writes = may(actor, "criterion.write");
  return (
    <>
      <section aria-labelledby="tags" className="flex flex-col gap-3">
        <div className="max-w-prose">
          <h2 id="tags" className="text-lg font-semibold">
            Failure tags
          </h2>
          <p className="text-muted">
            What is wrong with an answer, in a word or two. Graders are offered these, the most used first; a word that
            is not here yet becomes a tag when somebody grades with it.
          </p>
        </div>
        {tags.length === 0 ? (
          <EmptyState title="No failure tags yet">
            {shapesTags
              ? "They come with the first grades that have one. Add those below that graders should find."
              : "They come with the first grades that have one."}
          </EmptyState>
        ) : (
          <Tags tags={tags} changes={shapesTags} />
        )}
        {shapesTags && (
          <ActionForm action={createTagAction} submit="Add tag" className="flex max-w-md flex-col gap-3">
            <Field label="New tag">
              <Input name="name" required maxLength={100} autoComplete="off" />
            </Field>
          </ActionForm>
        )}
      </section>
      <section aria-labelledby="criteria" className="flex flex-col gap-3">
        <div className="max-w-prose">
          <h2 id="criteria" className="text-lg font-semibold">
            Criteria
          </h2>
          <p className="text-muted">
            What graders are asked. Criteria and their rubrics come with imports and stay as they are; examples show
            what a rubric means, and graders read them beside it.
          </p>
        </div>
        {criteria.length === 0 ? (
          <EmptyState title="No criteria yet">They come with the first results that are imported.</EmptyState>
        ) : (
          criteria.map((criterion) => <Criterion key={criterion.id} criterion={criterion} writes={writes} />)
        )}
      </section>
    </>
  );
}

function Criterion({ criterion, writes }: { criterion: CriterionRow; writes: boolean }) {
  const { id, key, name, kind, rubric, examples } = criterion;
  const heading = `criterion-${id}`;
  return (
    <article aria-labelledby={heading} className="flex flex-col gap-2 border-t border-line pt-3">
      <h3 id={heading} className="flex flex-wrap items-baseline gap-x-2 font-semibold [overflow-wrap:anywhere]">
        <UntrustedText text={name} />
        <span className="font-mono text-sm font-normal text-muted">
          <UntrustedText text={key} />
        </span>
        <Badge>{kind === "pass_fail" ? "pass or fail" : "which is better"}</Badge>
      </h3>
      <p className="max-w-prose whitespace-pre-wrap [overflow-wrap:anywhere]">
        <UntrustedText text={rubric || "There is no written rubric."} />
      </p>
      {kind === "pass_fail" ? (
        <>
          {examples.length === 0 && <p className="text-muted">There are no examples yet.</p>}
          <Examples criterion={criterion} changes={writes} />
          {writes && (
            <details>
              <summary className="min-h-6 cursor-pointer py-1 text-accent">
                Add an example
                <span className="sr-only">
                  {" "}
                  to <UntrustedText text={name} />
                </span>
              </summary>
              <ActionForm
                action={addExampleAction}
                submit="Add example"
                className="flex max-w-prose flex-col gap-4 py-3"
              >
                <input type="hidden" name="id" value={id} />
                <Field label="It should get">
                  <Select name="verdict" defaultValue="fail">
                    <option value="pass">pass</option>
                    <option value="fail">fail</option>
                  </Select>
                </Field>
                <Field label="Answer, or the part of it that matters">
                  <Textarea name="text" required maxLength={4000} />
                </Field>
                <Field label="Why">
                  <Input name="why" required maxLength={1000} autoComplete="off" />
                </Field>
              </ActionForm>
            </details>
          )}
        </>
      ) : (
        <p className="text-muted">Only what passes or fails has examples.</p>
      )}
    </article>
  );
}
