import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * A seeded source of random numbers: the same seed gives the same numbers for ever, on any machine. Generator:
 * xoroshiro128+ (Blackman & Vigna 2018) from pure-rand, its 128 bits of state taken from SHA-256 of the seed.
 */
export class Random {
  private readonly generator;
  private spare: number | null = null;

  constructor(seed: string) {
    const digest = createHash("sha256").update(seed, "utf8").digest();
    this.generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32BE(at)));
  }

  /** Uniform in the open interval (0, 1). */
  uniform(): number {
    for (;;) {
      const value = uniformFloat64(this.generator);
      if (value > 0 && value < 1) return value;
    }
  }

  /** Uniform over 0 … n − 1. */
  below(n: number): number {
    return uniformInt(this.generator, 0, n - 1);
  }

  /** Standard normal, by the polar method (Marsaglia & Bray 1964). */
  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.spare = v * factor;
      return u * factor;
    }
  }

  /** Gamma with the given shape > 0 and scale 1. Marsaglia & Tsang (2000), ACM TOMS 26(3), 363–372. */
  gamma(shape: number): number {
    // Products and one exponential in place of `**`, which takes most of the time otherwise.
    if (shape < 1) return this.gamma(shape + 1) * Math.exp(Math.log(this.uniform()) / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = this.uniform();
      const square = x * x;
      if (u < 1 - 0.0331 * square * square || Math.log(u) < 0.5 * square + d * (1 - v + Math.log(v))) return d * v;
    }
  }

  /** Writes one draw of a Dirichlet with the given parameters (each > 0) into `into`. */
  dirichlet(parameters: ArrayLike<number>, into: Float64Array): void {
    let sum = 0;
    for (let i = 0; i < parameters.length; i++) {
      const value = this.gamma(parameters[i]!);
      into[i] = value;
      sum += value;
    }
    for (let i = 0; i < parameters.length; i++) into[i] = into[i]! / sum;
  }

  /**
   * Writes into `into` how many of n trials fall into each cell, one binomial after another; `shares` must sum to 1, and
   * the last cell takes what is left.
   */
  multinomial(n: number, shares: Float64Array, into: Float64Array): void {
    let rest = n;
    let left = 1;
    const last = shares.length - 1;
    for (let cell = 0; cell < last; cell++) {
      const drawn = left > 0 ? this.binomial(rest, shares[cell]! / left) : 0;
      into[cell] = drawn;
      rest -= drawn;
      left -= shares[cell]!;
    }
    into[last] = rest;
  }

  /**
   * Successes in n trials of probability p. Inversion while the mean of the rarer side is at most 30; the normal
   * approximation, rounded and clamped, above it, where its error is far below that of the quantiles it serves.
   */
  binomial(n: number, p: number): number {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - this.binomial(n, 1 - p);
    if (n * p > 30) {
      const value = Math.round(n * p + Math.sqrt(n * p * (1 - p)) * this.normal());
      return Math.min(n, Math.max(0, value));
    }
    const odds = p / (1 - p);
    let probability = Math.exp(n * Math.log1p(-p));
    let left = this.uniform();
    let count = 0;
    while (left > probability && count < n) {
      left -= probability;
      probability *= (odds * (n - count)) / (count + 1);
      count++;
    }
    return count;
  }

  /** A permutation of `items` in place (Fisher & Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
