import type { Command } from "commander";
import { request } from "../connection";
import { plain, show, table } from "../output";

type Row = { id: string | number; state: string; prompt: string; baseline: string; candidate: string };
type Page = { releases: Row[]; next: string | null };
type Estimate = {
  delta: number | null;
  low: number | null;
  high: number | null;
  level: number;
  drawn: number;
  reviewed: number;
};
type Brief = Row & {
  evidenceDigest: string | null;
  gates: { key: string; status: string; detail: string }[];
  criteria: { key: string; estimate: Estimate | null }[];
};

const many = (value: string, before: string[] = []) => [...before, value];

export function register(program: Command): void {
  const release = program.command("release").description("may a candidate replace a baseline?");

  release
    .command("list")
    .description("releases of the project, newest first")
    .action(async (_options: object, command: Command) => {
      const rows: Row[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const page: Page = await request<Page>("GET", `/releases?limit=200${cursor && `&cursor=${cursor}`}`);
        rows.push(...page.releases);
        cursor = page.next;
      }
      const cells = rows.map(({ id, state, prompt, baseline, candidate }) => [
        String(id),
        state,
        prompt,
        baseline,
        candidate,
      ]);
      show(command, rows, table(["Release", "State", "Prompt", "Baseline", "Candidate"], cells));
    });

  release
    .command("show")
    .argument("<id>")
    .description("the brief: gates, estimate, what is missing")
    .action(async (id: string, _options: object, command: Command) => {
      const brief = await request<Brief>("GET", `/releases/${encodeURIComponent(id)}`);
      show(command, brief, describe(brief));
    });

  const steps: [name: string, description: string][] = [
    ["close", "end the grading and freeze the evidence, so that it can be signed"],
    ["reopen", "go back to grading; signatures on the frozen evidence become stale"],
    ["withdraw", "give the question up"],
  ];
  for (const [name, description] of steps) {
    const step = release.command(name).argument("<id>").description(description);
    if (name !== "close") step.option("--reason <text>", "for the record");
    step.action(async (id: string, { reason }: { reason?: string }, command: Command) => {
      const answer = await request<object>("POST", `/releases/${encodeURIComponent(id)}/${name}`, { reason });
      show(command, answer, `release ${id}: done`);
    });
  }

  release
    .command("create")
    .description("ask whether a candidate version may replace a baseline")
    .requiredOption("--prompt <name>", "the prompt")
    .requiredOption("--baseline <version>", "the version in use")
    .requiredOption("--candidate <version>", "the version that asks to replace it")
    .option("--dataset <name>", "the cases (default: the ones both versions answered)")
    .option("--criterion <key>", "a criterion; repeat for several, the first is the primary one", many)
    .option("--judge <key>", "a judge to correct; repeat for several", many)
    .option("--policy <name>", "the policy (default: the project's)")
    .action(async (options: Record<string, string | string[] | undefined>, command: Command) => {
      const { criterion: criteria, judge: judges, ...rest } = options;
      const answer = await request<{ id: string | number }>("POST", "/releases", { ...rest, criteria, judges });
      show(command, answer, `release ${answer.id}`);
    });
}

function describe({ id, state, prompt, baseline, candidate, evidenceDigest, gates, criteria }: Brief): string {
  const points = (value: number) => `${value >= 0 ? "+" : ""}${(value * 100).toFixed(2)}`;
  const estimates = criteria.map(({ key, estimate }) => {
    if (!estimate || estimate.delta === null) return `  ${plain(key)}: no estimate yet`;
    const { delta, low, high, level, reviewed, drawn } = estimate;
    const interval =
      low === null || high === null ? "" : `, ${level * 100} % interval ${points(low)} to ${points(high)}`;
    return `  ${plain(key)}: ${points(delta)} points${interval} (${reviewed} of ${drawn} drawn cases reviewed)`;
  });
  return [
    `release ${id}: ${plain(prompt)}, ${plain(baseline)} → ${plain(candidate)}: ${state}`,
    ...estimates,
    ...gates.map(({ key, status, detail }) => `  [${status.replaceAll("_", " ")}] ${plain(key)}: ${plain(detail)}`),
    ...(evidenceDigest ? [`  evidence ${evidenceDigest}`] : []),
  ].join("\n");
}
