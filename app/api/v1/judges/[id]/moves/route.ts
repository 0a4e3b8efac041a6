import { rowId } from "@/app/_row-id";
import {
  choosePair,
  compareJudgings,
  findJudge,
  listJudgedRuns,
  movesFilterSchema,
  watchVersions,
} from "@/lib/judges/moves";
import { rest } from "../../../_rest";

/** What the sequential test says of each version, and the two judgings asked for, compared. */
export const GET = rest(async ({ actor, url, params }) => {
  const judge = await findJudge(actor, rowId(params.id));
  const pair = choosePair(
    await listJudgedRuns(actor, judge.id),
    movesFilterSchema.parse(Object.fromEntries(url.searchParams)),
  );
  const [watches, comparison] = await Promise.all([
    watchVersions(actor, judge.id),
    pair && compareJudgings(actor, pair),
  ]);
  return {
    body: {
      judge: judge.key,
      versions: watches.map(({ number, judgings, monitor }) => ({
        version: number,
        moved: monitor.alarm !== null,
        cause: monitor.alarm?.cause ?? null,
        p: monitor.p,
        judgings,
      })),
      comparison,
    },
  };
});
