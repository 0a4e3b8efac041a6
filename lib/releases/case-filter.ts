import { z } from "zod";

export const flips = ["better", "worse", "same", "error"] as const;
export type Flip = (typeof flips)[number];
/** With `-`, the other way round. Worst first, and by the pair of the judge's verdicts, is group after group (lib/releases/cases.ts). */
export const caseSorts = ["given", "case", "-case", "slice", "-slice", "worst", "-worst", "judge", "-judge"] as const;

const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const isByVerdict = (sort: CaseFilter["sort"]) => sort !== undefined && /^-?(worst|judge)$/.test(sort);

/** Whether these filters or this order look at answers, verdicts or grades: what waits for a blind grade is left out then. */
export const leavesOutWaiting = ({ flip, reviewed, override, cell, sample, sort }: CaseFilter) =>
  [flip, reviewed, override, cell].some((one) => one !== undefined) || sample === "chosen" || isByVerdict(sort);

/** Everything in the URL of the Cases tab. What does not parse is ignored, as if it were not there. */
export const caseFilterSchema = z.object({
  criterion: maybe(z.string().max(200)),
  judge: maybe(z.string().max(200)),
  flip: maybe(z.enum(flips)),
  slice: maybe(z.string().max(500)),
  tag: maybe(z.string().trim().min(1).max(500)),
  mustPass: maybe(z.enum(["yes"])),
  reviewed: maybe(z.enum(["yes", "no"])),
  override: maybe(z.enum(["yes"])),
  /** In the sample: drawn, or chosen by somebody. */
  sample: maybe(z.enum(["drawn", "chosen"])),
  /** One cell of a judge against people: `<judge version>.<baseline|candidate>.<tp|fp|fn|tn>`. */
  cell: maybe(z.string().regex(/^[1-9]\d{0,8}\.(baseline|candidate)\.(tp|fp|fn|tn)$/)),
  q: maybe(z.string().trim().min(1).max(200)),
  sort: maybe(z.enum(caseSorts)),
  after: maybe(z.string().max(1000)),
  before: maybe(z.string().max(1000)),
});
export type CaseFilter = z.infer<typeof caseFilterSchema>;
