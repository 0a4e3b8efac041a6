import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { rowId } from "@/app/_row-id";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { spelled } from "@/components/ui/invisible";
import { PageHead } from "@/components/ui/page-head";
import { Select } from "@/components/ui/select";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { listAnchors, listGradedReleases } from "@/lib/judges/anchors";
import {
  choosePair,
  compareJudgings,
  findJudge,
  type JudgedRun,
  listJudgedRuns,
  listMovedCases,
  type MovesFilter,
  movesFilterSchema,
  watchVersions,
} from "@/lib/judges/moves";
import { AnchorForm } from "./_components/anchor-form";
import { AnchorList } from "./_components/anchor-section";
import { ComparisonView } from "./_components/comparison";
import { MovedCases } from "./_components/moved-cases";
import { WatchSection } from "./_components/watch-section";

export const metadata: Metadata = { title: "Judge moved or product moved?" };

type Props = { params: Promise<{ id: string }>; searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function MovesPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const id = rowId((await params).id);
  const filter = movesFilterSchema.parse(await searchParams);
  const here = (change: Partial<MovesFilter>) => {
    const given = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return query ? `/judges/${id}/moves?${query}` : `/judges/${id}/moves`;
  };
  try {
    const judge = await findJudge(actor, id);
    const [judged, watches, anchors, releases] = await Promise.all([
      listJudgedRuns(actor, id),
      watchVersions(actor, id),
      listAnchors(actor, id),
      listGradedReleases(actor, id),
    ]);
    const pair = choosePair(judged, filter);
    const [comparison, moved] = pair
      ? await Promise.all([compareJudgings(actor, pair), listMovedCases(actor, pair, filter)])
      : [null, null];
    const mayWrite = may(actor, "anchor.write");
    const runs = judged.filter((run, i) => judged.findIndex(({ runId }) => runId === run.runId) === i);
    return (
      <div className="flex flex-col gap-10">
        <PageHead
          trail={[
            { href: "/judges", label: "Judges" },
            { href: `/judges/${id}`, label: judge.key },
          ]}
          title="Judge moved or product moved?"
          facts={
            <>
              The same answer to the same case, judged twice by <UntrustedText text={judge.key} />: another verdict then
              is the judge's doing. Where the answer changed, it is the product's.
            </>
          }
        />
        <WatchSection watches={watches} anchorNames={new Map(anchors.map(({ id: anchor, name }) => [anchor, name]))} />
        <section aria-labelledby="compare" className="flex flex-col gap-4">
          <h2 id="compare" className="text-lg font-semibold">
            Two judgings compared
          </h2>
          {comparison && pair ? (
            <>
              <form action={`/judges/${id}/moves`} className="flex flex-wrap items-end gap-3">
                <Choose name="from" label="Before" judged={judged} value={pair.from.ref} />
                <Choose name="to" label="After" judged={judged} value={pair.to.ref} />
                <Button type="submit">Compare</Button>
              </form>
              <ComparisonView comparison={comparison} />
            </>
          ) : (
            <p className="max-w-prose text-muted">
              There is one judging only. Two are needed: runs over the same dataset, or two versions of the judge on one
              run.
            </p>
          )}
        </section>
        {comparison && moved && (
          <MovedCases here={here} filter={filter} comparison={comparison} rows={moved.rows} next={moved.next} />
        )}
        <section aria-labelledby="anchors" className="flex flex-col gap-4">
          <h2 id="anchors" className="text-lg font-semibold">
            Anchor sets
          </h2>
          <p className="max-w-prose text-muted">
            Frozen answers that the judge is given again now and then. They go out without verdicts; what comes back is
            counted against the time before, and against people where they graded the same answers.
          </p>
          <AnchorList judgeId={id} anchors={anchors} mayWrite={mayWrite} />
          {mayWrite && runs.length > 0 && (
            <div className="flex flex-col gap-4 border-t border-line pt-4">
              <h3 className="font-medium">Choose a new set</h3>
              <AnchorForm
                judgeId={id}
                runs={runs.map((run) => ({ id: run.runId, name: `run ${run.runId}: ${run.prompt} ${run.version}` }))}
                releases={releases}
              />
            </div>
          )}
        </section>
      </div>
    );
  } catch (error) {
    if (error instanceof Fault && (error.code === "not_found" || error.code === "invalid")) notFound();
    throw error;
  }
}

function Choose({ name, label, judged, value }: { name: string; label: string; judged: JudgedRun[]; value: string }) {
  const datasetId = judged.find(({ ref }) => ref === value)?.datasetId;
  const datasets = [...new Map(judged.map((run) => [run.datasetId, run.dataset]))].sort(([a]) =>
    a === datasetId ? -1 : 1,
  );
  return (
    <div className="w-96 max-w-full">
      <Field label={label}>
        <Select name={name} defaultValue={value}>
          {datasets.map(([dataset, of]) => (
            <optgroup key={dataset} label={spelled(of)}>
              {judged
                .filter((run) => run.datasetId === dataset)
                .map((run) => (
                  <option key={run.ref} value={run.ref}>
                    {spelled(`run ${run.runId}: ${run.prompt} ${run.version}, judge version ${run.judgeVersion}`)}
                  </option>
                ))}
            </optgroup>
          ))}
        </Select>
      </Field>
    </div>
  );
}
