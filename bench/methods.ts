import { type Moments, skewedQuantile } from "../lib/stats/skewed";
import { type Cells, type Stratum, size, values, worth } from "../lib/stats/strata";

/** The intervals that ours is compared with; of the delta of these cases, nominal 95 %. */
export type Interval = { low: number; high: number };

const z = 1.959963984540054;

/** The textbook's post-stratified interval: estimate ± z · standard error, with the finite population correction. */
export function normal(strata: readonly Stratum[]): Interval {
  const all = strata.reduce((sum, { population }) => sum + population, 0);
  let [estimate, variance] = [0, 0];
  for (const { population, cells } of strata) {
    const n = size(cells);
    if (n === 0) continue;
    const share = population / all;
    const mean = worth(cells, values.delta) / n;
    const spread = n > 1 ? ((cells[1] + cells[2]) / n - mean ** 2) * (n / (n - 1)) : 0;
    estimate += share * mean;
    variance += (share ** 2 * spread * (1 - n / population)) / n;
  }
  const half = z * Math.sqrt(variance);
  return { low: estimate - half, high: estimate + half };
}

const judgedDelta = ({ judged }: Stratum) => Number(judged.candidate === "pass") - Number(judged.baseline === "pass");

/** PPI++ (Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453): the judge's tally corrected, its weight tuned, normal interval. */
export function ppi(strata: readonly Stratum[]): Interval {
  const all = strata.reduce((sum, { population }) => sum + population, 0);
  let [n, y, yy, f, ff, fy, tally] = [0, 0, 0, 0, 0, 0, 0];
  for (const stratum of strata) {
    const d = judgedDelta(stratum);
    const m = size(stratum.cells);
    const total = worth(stratum.cells, values.delta);
    n += m;
    y += total;
    yy += stratum.cells[1] + stratum.cells[2];
    f += m * d;
    ff += m * d * d;
    fy += total * d;
    tally += (stratum.population * d) / all;
  }
  const [varY, varF, cov] = [yy / n - (y / n) ** 2, ff / n - (f / n) ** 2, fy / n - (f / n) * (y / n)];
  const weight = varF > 0 ? Math.min(1, Math.max(0, cov / varF)) : 0;
  const estimate = weight * tally + y / n - (weight * f) / n;
  const variance = ((varY + weight ** 2 * varF - 2 * weight * cov) / (n - 1)) * (1 - n / all);
  const half = z * Math.sqrt(Math.max(0, variance));
  return { low: estimate - half, high: estimate + half };
}

/** A Dirichlet posterior in each stratum, the same prior in every cell, its quantiles by three moments. */
export function dirichlet(strata: readonly Stratum[], prior: number): Interval {
  const all = strata.reduce((sum, { population }) => sum + population, 0);
  const sum: Moments = { mean: 0, variance: 0, third: 0 };
  for (const { population, cells } of strata) {
    const rest = population - size(cells);
    const counts = cells.map((count) => count + prior) as unknown as Cells;
    const mass = size(counts);
    const mean = worth(counts, values.delta) / mass;
    let [spread, skew] = [0, 0];
    for (const [i, count] of counts.entries()) {
      spread += (count / mass) * (values.delta[i]! - mean) ** 2;
      skew += (count / mass) * (values.delta[i]! - mean) ** 3;
    }
    sum.mean += (worth(cells, values.delta) + rest * mean) / all;
    sum.variance += (rest * spread * (mass + rest)) / (mass + 1) / all ** 2;
    sum.third += (rest * skew * (mass + rest) * (mass + 2 * rest)) / ((mass + 1) * (mass + 2)) / all ** 3;
  }
  return { low: skewedQuantile(sum, 0.025), high: skewedQuantile(sum, 0.975) };
}
