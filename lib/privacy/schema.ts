import { z } from "zod";

/** What of a case goes. */
export const scopes = {
  case: "Everything: input, reference, all answers, and all that was said of them",
  output: "One answer, and all that was said of it",
  words: "Only what people and judges said of the answers",
} as const;

export type Scope = keyof typeof scopes;

const id = z.coerce.number().int().min(1).max(2_147_483_647);

const reason = z
  .string()
  .trim()
  .min(1, "Say why. Do not repeat what is to be removed: the reason is kept.")
  .max(500, "At most 500 characters.");

export const requestSchema = z
  .strictObject({
    caseId: id,
    scope: z.enum(["case", "output", "words"]),
    /** Whose answer, where one answer goes. */
    runId: id.optional(),
    reason,
  })
  .refine(({ scope, runId }) => (scope === "output") === (runId !== undefined), {
    message: "Choose the answer that is to go.",
    path: ["runId"],
  });

export type RedactionRequest = z.infer<typeof requestSchema>;

export const decideSchema = z.discriminatedUnion("decision", [
  z.strictObject({ id, decision: z.literal("approve") }),
  z.strictObject({ id, decision: z.literal("refuse"), answer: reason }),
]);

export type RedactionDecision = z.infer<typeof decideSchema>;

const days = z.int().min(1, "At least one day.").max(3650, "At most ten years.").nullable();

/** How long a project keeps content that no decision needs, in days; null: for ever. */
const periods = {
  /** Answers, and what was said of them, since their import. */
  runsDays: days,
  /** Whether the input of a case goes with the last answer to it. */
  inputs: z.boolean(),
};

export type Periods = { runsDays: number | null; inputs: boolean };

export const periodsSchema = z.strictObject(periods).refine(inputsFollowRuns, inputsWithoutRuns());
export const retentionSchema = z.strictObject({ ...periods, reason }).refine(inputsFollowRuns, inputsWithoutRuns());
export type RetentionRequest = z.infer<typeof retentionSchema>;

function inputsFollowRuns({ inputs, runsDays }: Periods): boolean {
  return !inputs || runsDays !== null;
}

function inputsWithoutRuns() {
  return { path: ["inputs"], message: "Inputs go with the last answer: say how long answers are kept." };
}

export const decideRetentionSchema = z.strictObject({ id, decision: z.enum(["approve", "refuse"]) });
export type DecideRetention = z.infer<typeof decideRetentionSchema>;

/** Names of places for people. */
export const placeWords: Record<string, string> = {
  test_case: "input, reference and metadata of the case",
  output: "answers",
  verdict: "judges' rationales",
  preference_verdict: "judges' rationales",
  imported_review: "notes of imported grades",
  imported_preference: "notes of imported grades",
  review: "reviewers' notes",
  check_grade: "reviewers' notes",
  review_task: "reviewers' notes",
  adjudication_task: "notes on settled disagreements",
  answer_comment: "reviewers' comments",
  sentinel: "sentinels made from it",
  sentinel_verdict: "judges' rationales",
  criterion_example: "examples in rubrics",
};
