export type Verdict = "pass" | "fail" | "unsure";

/** Grades of one case as they are being made, by side and criterion. */
export type Draft = Record<string, { verdict?: Verdict; note?: string }>;

export const cell = (side: "A" | "B", criterion: string) => `${side} ${criterion}`;
