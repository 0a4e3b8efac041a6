/** Numbers as words. Pure; proportions in, text out. Rounding happens here and nowhere before. */

/** A difference of proportions in points with its sign: 0.1733 → `+17.3 pt`. */
export function points(difference: number): string {
  const text = Math.abs(difference * 100).toFixed(1);
  if (Number(text) === 0) return "0.0 pt";
  return `${difference > 0 ? "+" : "−"}${text} pt`;
}

/** A margin in points, without needless decimals: −0.02 → `−2 pt`. */
export function margin(difference: number): string {
  const text = String(Math.round(Math.abs(difference) * 10_000) / 100);
  if (text === "0") return "0 pt";
  return `${difference < 0 ? "−" : "+"}${text} pt`;
}

/** `+3.1 pt (1.2 to 5.0)`. */
export function pointsWithInterval({ delta, low, high }: { delta: number; low: number; high: number }): string {
  const bare = (value: number) => points(value).replace(" pt", "").replace("+", "");
  return `${points(delta)} (${bare(low)} to ${bare(high)})`;
}

/** `−1.2 to 5.0 pt`. */
export function pointsInterval({ low, high }: { low: number; high: number }): string {
  const bare = (value: number) => points(value).replace(" pt", "").replace("+", "");
  return `${bare(low)} to ${bare(high)} pt`;
}

/** A proportion: 0.8744 → `87.4 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** How many of 100, as a range: 0.031, 0.088 → `3–9`; widened to whole numbers, never narrowed. */
export function ofHundred(low: number, high: number): string {
  const from = Math.floor(Math.max(0, low) * 100 + 1e-9);
  const to = Math.ceil(Math.min(1, high) * 100 - 1e-9);
  return from === to ? String(from) : `${from}–${to}`;
}

/** Shares of a whole as whole numbers that add up to 100: what is left after rounding down goes to the largest remainders. */
export function outOfHundred(shares: readonly number[]): number[] {
  const exact = shares.map((share) => share * 100);
  const rounded = exact.map((value) => Math.floor(value + 1e-9));
  const left = 100 - rounded.reduce((sum, value) => sum + value, 0);
  const byRemainder = exact.map((value, at) => ({ at, rest: value - rounded[at]! })).sort((a, b) => b.rest - a.rest);
  for (const { at } of byRemainder.slice(0, left)) rounded[at]! += 1;
  return rounded;
}

/** A limit as a whole number of 100, never less than it is: 0.05 → `5`. */
export function ofHundredAtMost(share: number): string {
  return String(Math.ceil(share * 100 - 1e-9));
}

/** `1 case`, `2 cases`; thousands are set apart. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** Thousands set apart by a narrow no-break space. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(items: readonly string[], shown = 5): string {
  const rest = items.length - shown;
  const head = rest > 0 ? [...items.slice(0, shown), `${grouped(rest)} more`] : [...items];
  const last = head.pop();
  return head.length === 0 ? (last ?? "") : `${head.join(", ")} and ${last}`;
}

/** What a waiver is of: `must pass`, or `must pass: case c-12`. */
export function waivedInWords({ gate, scope }: { gate: string; scope?: Readonly<Record<string, string>> }): string {
  const name = gate.replaceAll("_", " ");
  const [part] = Object.entries(scope ?? {});
  return part ? `${name}: ${part[0]} ${part[1]}` : name;
}
