import { Fault } from "../errors";
import type { Grade } from "./schema";

/** A delivery grades both sides on every criterion, each once. */
export function refuseIncomplete(grades: readonly Grade[], criteria: readonly string[]): void {
  const given = new Set<string>();
  for (const { side, criterion } of grades) {
    if (!criteria.includes(criterion)) {
      throw new Fault("invalid", `“${criterion}” is no criterion of this release.`, { field: "grades.criterion" });
    }
    const place = `${side} ${criterion}`;
    if (given.has(place))
      throw new Fault("invalid", `Side ${side} is graded twice on “${criterion}”.`, { field: "grades" });
    given.add(place);
  }
  for (const side of ["A", "B"]) {
    for (const criterion of criteria) {
      if (given.has(`${side} ${criterion}`)) continue;
      throw new Fault("invalid", `Side ${side} is not graded on “${criterion}”.`, { field: "grades" });
    }
  }
}

export type Run = "baseline" | "candidate";

/** Which version a side showed. */
export function runOf(side: "A" | "B", swapped: boolean): Run {
  return (side === "A") === swapped ? "candidate" : "baseline";
}
