/** Labels that only an approved release can move. */
export const protectedLabels: readonly string[] = ["production"];
