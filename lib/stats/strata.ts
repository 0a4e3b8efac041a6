/** What a judge says of one answer; `error` stands for an error or a missing verdict, and for no judge at all. */
export type JudgeSays = "pass" | "fail" | "error";

/** Labelled cases by people's (baseline, candidate): [fail·fail, fail·pass, pass·fail, pass·pass]. */
export type Cells = readonly [number, number, number, number];

/** What each of the four cells is worth: the delta, or the pass of one version. */
export const values = {
  delta: [0, 1, -1, 0],
  baseline: [0, 0, 1, 1],
  candidate: [0, 1, 0, 1],
} as const satisfies Record<string, Cells>;

/**
 * Cases that nothing distinguishes before people look: the same verdicts of the judge, the same way of being drawn.
 * All labelled ones together are taken as a simple random sample of the stratum.
 */
export type Stratum = {
  key: string;
  judged: { baseline: JudgeSays; candidate: JudgeSays };
  /** True: every case is drawn, whatever the size of the sample (must-pass). */
  certain?: boolean;
  /** Cases in the stratum, N_h. */
  population: number;
  /** Labelled cases. */
  cells: Cells;
  /**
   * Where draws were not all simple random ones: the labelled cases of each round, and the stratum of that round's design
   * they were drawn from. Their sum is `cells`. Left out: one round, simple random.
   */
  rounds?: readonly { cells: Cells; design: string | null }[];
};

export function size(cells: Cells): number {
  return cells[0] + cells[1] + cells[2] + cells[3];
}

export function add(a: Cells, b: Cells): Cells {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

export function worth(cells: Cells, of: Cells): number {
  return cells[0] * of[0] + cells[1] * of[1] + cells[2] * of[2] + cells[3] * of[3];
}

/** True while every draw was a simple random one: then any strata may be put together, and all into one. */
export function drawnAtRandom(strata: readonly Stratum[]): boolean {
  return strata.every(({ rounds }) => !rounds || rounds.every(({ design }) => design === null));
}

/**
 * Puts strata too small to stand alone into the largest of those that were drawn alike: those without a label, and those
 * that a proportional sample of this size would not reach.
 */
export function poolThin(strata: readonly Stratum[]): Stratum[] {
  const open = strata.filter(({ certain }) => !certain);
  const labelled = open.reduce((sum, { cells }) => sum + size(cells), 0);
  const population = open.reduce((sum, stratum) => sum + stratum.population, 0);
  const drawnAlike = (stratum: Stratum) => stratum.rounds?.map(({ design }) => design).join("\n") ?? "";
  const largest = new Map<string, Stratum>();
  for (const stratum of open) {
    const found = largest.get(drawnAlike(stratum));
    if (!found || stratum.population > found.population) largest.set(drawnAlike(stratum), stratum);
  }
  const into = new Map<Stratum, Stratum>();
  for (const stratum of open) {
    const home = largest.get(drawnAlike(stratum))!;
    const thin = size(stratum.cells) === 0 || stratum.population * labelled < population;
    into.set(stratum, thin ? home : stratum);
  }
  const pooled = new Map<Stratum, Stratum>();
  for (const stratum of strata) {
    const home = into.get(stratum) ?? stratum;
    const found = pooled.get(home);
    if (!found) {
      pooled.set(home, { ...home, population: stratum.population, cells: stratum.cells });
    } else {
      found.population += stratum.population;
      found.cells = add(found.cells, stratum.cells);
    }
  }
  return [...pooled.values()];
}

/** Everything that was not drawn for certain as one stratum: what people alone know, without the judge. */
export function withoutJudge(strata: readonly Stratum[]): Stratum[] {
  const certain = strata.filter((stratum) => stratum.certain);
  const open = strata.filter((stratum) => !stratum.certain);
  if (open.length === 0) return certain;
  return [
    ...certain,
    {
      key: "all",
      judged: { baseline: "error", candidate: "error" },
      population: open.reduce((sum, { population }) => sum + population, 0),
      cells: open.reduce<Cells>((sum, { cells }) => add(sum, cells), [0, 0, 0, 0]),
    },
  ];
}
