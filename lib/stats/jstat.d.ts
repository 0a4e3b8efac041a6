/** The parts of jstat that are used; it ships no types. */
declare module "jstat" {
  const jStat: {
    /** Quantile of a gamma variable of the given shape and scale 1; p in (0, 1). */
    gammapinv(p: number, shape: number): number;
    normal: { inv(p: number, mean: number, sd: number): number; cdf(x: number, mean: number, sd: number): number };
    beta: { inv(p: number, alpha: number, beta: number): number };
    studentt: { cdf(x: number, degrees: number): number };
    chisquare: { cdf(x: number, degrees: number): number };
    binomial: { cdf(k: number, n: number, p: number): number };
  };
  export default jStat;
}
