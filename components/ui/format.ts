/** Numbers as the screens show them. A thin no-break space groups thousands; a true minus sign; no value is a dash. */
const thin = "\u202f";

export function formatCount(value: number): string {
  const text = Math.abs(Math.round(value))
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, thin);
  return value < 0 && Math.round(value) !== 0 ? `−${text}` : text;
}

/** A proportion as per cent: 0.8 → 80.0 %. */
export function formatRate(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? "–" : `${(value * 100).toFixed(digits)}${thin}%`;
}

function signed(points: number, digits: number): string {
  const text = Math.abs(points).toFixed(digits);
  if (Number(text) === 0) return text;
  return points < 0 ? `−${text}` : `+${text}`;
}

/** A difference of proportions in points: 0.031 → +3.1 pt. */
export function formatPoints(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? "–" : `${signed(value * 100, digits)} pt`;
}

/** The ends of an interval in points: 1.2 to 5.0. */
export function formatPointsBounds(low: number, high: number, digits = 1): string {
  const [from, to] = [low, high].map((bound) => {
    const text = Math.abs(bound * 100).toFixed(digits);
    return bound < 0 && Number(text) !== 0 ? `−${text}` : text;
  });
  return `${from} to ${to}`;
}

/** With its interval: +3.1 pt (1.2 to 5.0). */
export function formatPointsInterval(value: number | null, low: number, high: number, digits = 1): string {
  return `${formatPoints(value, digits)} (${formatPointsBounds(low, high, digits)})`;
}

export function formatRateInterval(value: number | null, low: number, high: number, digits = 0): string {
  return `${formatRate(value, digits)} (${(low * 100).toFixed(digits)} to ${(high * 100).toFixed(digits)})`;
}

/** κ and the like: three decimals. */
export function formatCoefficient(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
}

/** Milliseconds that somebody took for a case, in whole seconds. */
export function formatSeconds(ms: number | null): string {
  return ms === null ? "–" : `${formatCount(Math.max(1, ms / 1000))} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
