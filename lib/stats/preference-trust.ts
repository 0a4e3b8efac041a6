import { kappaOfTable } from "./agreement";
import { ratioInterval } from "./interval";
import type { Rate } from "./judge-trust";
import { add, type Cells, drawnAtRandom, type Stratum, size } from "./strata";

/** What a judge prefers; `flip`: it went with the order in which it saw the answers. */
export const judgePrefers = ["candidate", "baseline", "tie", "flip"] as const;
export const peoplePrefer = ["candidate", "baseline", "tie"] as const;
export type JudgePrefers = (typeof judgePrefers)[number];
export type PeoplePrefer = (typeof peoplePrefer)[number];

/** Cases by what the judge and by what people prefer. */
export type PreferenceTable = Record<JudgePrefers, Record<PeoplePrefer, number>>;

export type PreferenceTrust = {
  /** Estimated counts over all cases that the judge compared; null while one of its preferences, unless a rare one, has no labelled case. */
  table: PreferenceTable | null;
  /** Labelled cases behind it, unweighted. */
  graded: PreferenceTable;
  /** Share of all cases it compared in which it prefers what people prefer. */
  agreement: Rate;
  kappa: number | null;
  /** Of the cases in which people prefer this, the share in which the judge does too. */
  finds: Record<PeoplePrefer, Rate>;
};

/** `prefers`: the judge's preference in the stratum; null where it gave none (an error, or no verdict). */
export type PreferenceStratum = Stratum & { prefers: JudgePrefers | null };

// A preference as the four cells of people's labels: fail·fail is a tie, fail·pass prefers the candidate, pass·fail the
// baseline; pass·pass does not occur.
const cellOf: Record<PeoplePrefer, Cells> = {
  tie: [1, 0, 0, 0],
  candidate: [0, 1, 0, 0],
  baseline: [0, 0, 1, 0],
};
const none: Cells = [0, 0, 0, 0];
const every: Cells = [1, 1, 1, 1];

const emptyTable = () =>
  Object.fromEntries(judgePrefers.map((judge) => [judge, { candidate: 0, baseline: 0, tie: 0 }])) as PreferenceTable;

function sum(table: PreferenceTable, of: (judge: JudgePrefers, people: PeoplePrefer) => boolean): number {
  return judgePrefers.reduce(
    (total, judge) =>
      total + peoplePrefer.reduce((part, people) => part + (of(judge, people) ? table[judge][people] : 0), 0),
    0,
  );
}

/** Strata with the same preference put together, where every draw was a simple random one. */
function byPreference(strata: readonly PreferenceStratum[]): PreferenceStratum[] {
  if (!drawnAtRandom(strata)) return strata.filter(({ population }) => population > 0);
  const groups = new Map<string, PreferenceStratum>();
  for (const { prefers, certain, judged, population, cells } of strata) {
    if (population === 0) continue;
    const key = `${certain ? "certain " : ""}${prefers}`;
    const found = groups.get(key) ?? { key, prefers, certain, judged, population: 0, cells: none };
    groups.set(key, { ...found, population: found.population + population, cells: add(found.cells, cells) });
  }
  return [...groups.values()];
}

/**
 * How far a pairwise judge agrees with people, over all cases of a release: counts are weighted by N_h / n_h, intervals
 * are those of the strata with this judge's preferences in them. A preference that went with the order agrees with
 * nobody; errors are left out here and counted elsewhere. κ is Cohen's, over the whole table.
 *
 * @param given by this judge's preference
 * @param level of the intervals, in (0, 1)
 */
export function preferenceTrust(given: readonly PreferenceStratum[], level: number): PreferenceTrust {
  const strata = byPreference(given);
  const [graded, weighted] = [emptyTable(), emptyTable()];
  const cases = strata.reduce((total, { population }) => total + population, 0);
  const all = strata.reduce((total, { cells }) => total + size(cells), 0);
  let known = all > 0;
  for (const { prefers, population, cells } of strata) {
    if (prefers === null) continue;
    const labelled = size(cells);
    // One so small that a sample of this size would not reach it is left out of the estimate, not of the interval.
    if (labelled === 0 && population * all >= cases) known = false;
    for (const people of peoplePrefer) {
      const count = cells[cellOf[people].indexOf(1)]!;
      graded[prefers][people] += count;
      weighted[prefers][people] += labelled === 0 ? 0 : (count * population) / labelled;
    }
  }
  const table = known ? weighted : null;
  const rate = (
    of: (judge: JudgePrefers, people: PeoplePrefer) => boolean,
    part: (prefers: JudgePrefers) => Cells,
    whole: Cells,
  ): Rate => {
    const total = table && sum(table, (_, people) => whole[cellOf[people].indexOf(1)] === 1);
    const estimate = table && total ? sum(table, of) / total : null;
    const { low, high } = ratioInterval(
      strata,
      strata.map(({ prefers }) => (prefers === null ? none : part(prefers))),
      strata.map(({ prefers }) => (prefers === null ? none : whole)),
      level,
    );
    const [from, to] = [Math.min(low, high), Math.max(low, high)];
    return estimate === null
      ? { estimate, low: from, high: to }
      : { estimate, low: Math.min(from, estimate), high: Math.max(to, estimate) };
  };
  const right = (prefers: JudgePrefers): Cells => (prefers === "flip" ? none : cellOf[prefers]);
  const finds = (which: PeoplePrefer) =>
    rate(
      (judge, people) => judge === which && people === which,
      (prefers) => (prefers === which ? cellOf[which] : none),
      cellOf[which],
    );
  return {
    table,
    graded,
    agreement: rate((judge, people) => judge === people, right, every),
    kappa:
      table && kappaOfTable(judgePrefers.map((judge) => [...peoplePrefer.map((people) => table[judge][people]), 0])),
    finds: { candidate: finds("candidate"), baseline: finds("baseline"), tie: finds("tie") },
  };
}
