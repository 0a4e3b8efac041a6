/** An axis that holds all values: round ends and three to seven round ticks, ascending. */
export function niceScale(values: readonly number[]): { from: number; to: number; ticks: number[]; step: number } {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const rough = Math.max(max - min, 0.01) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10;
  const step = factor * power;
  const first = Math.floor(min / step + 1e-9);
  const last = Math.max(Math.ceil(max / step - 1e-9), first + 1);
  // Whole multiples, and without the noise of adding up fractions.
  const ticks = Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
  return { from: ticks[0]!, to: ticks.at(-1)!, ticks, step };
}
