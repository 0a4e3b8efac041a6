import { Prisma } from "../db/generated/client";
import type { Tx } from "../db/transaction";
import { Fault } from "../errors";
import type { CreateRelease } from "./schema";
import { listed } from "./words";

/** What a release is about, with everything that was left out chosen. */
export type Plan = {
  promptId: number;
  baseline: { id: number; key: string };
  candidate: { id: number; key: string };
  datasetId: number;
  baselineRunId: number;
  candidateRunId: number;
  /** In order; the first is the primary criterion. */
  criteria: { id: number; key: string; judge: { versionId: number; key: string } | null }[];
  policy: { id: number; key: string; number: number };
  /** The protected label that moves when the release is approved. */
  label: string | null;
};

type Keyed = { id: number; key: string };
type Pair = [baselineRunId: number, candidateRunId: number];

function unknown(field: string, what: string, given: string, choices: readonly string[]): Fault {
  const there = choices.length > 0 ? `There is ${listed(choices, 12)}.` : "There is none.";
  return new Fault("invalid", `${what} “${given}” is not known here. ${there}`, { field });
}

async function chooseVersions(tx: Tx, promptId: number, input: CreateRelease) {
  const find = async (field: "baseline" | "candidate") => {
    const version = await tx.promptVersion.findUnique({
      where: { promptId_key: { promptId, key: input[field] } },
      select: { id: true, key: true, labels: { select: { name: true, protected: true } } },
    });
    if (version) return version;
    const all = await tx.promptVersion.findMany({
      where: { promptId },
      select: { key: true },
      orderBy: { number: "asc" },
    });
    const keys = all.map(({ key }) => key);
    throw unknown(field, `The version`, input[field], keys);
  };
  const [baseline, candidate] = [await find("baseline"), await find("candidate")];
  if (baseline.id === candidate.id) {
    throw new Fault("invalid", "A release compares two different versions.", { field: "candidate" });
  }
  const held = baseline.labels.filter((label) => label.protected).map(({ name }) => name);
  const label = held.includes("production") ? "production" : (held.sort()[0] ?? null);
  return { baseline, candidate, label };
}

/** The dataset with runs of both versions, and the newest run of each in it. */
async function chooseRuns(tx: Tx, projectId: number, baselineId: number, candidateId: number, input: CreateRelease) {
  const runs = await tx.run.findMany({
    where: { projectId, versionId: { in: [baselineId, candidateId] }, removedAt: null },
    select: { id: true, versionId: true, datasetId: true, dataset: { select: { name: true } } },
    orderBy: { id: "desc" },
  });
  const newest = (datasetId: number, versionId: number) =>
    runs.find((run) => run.datasetId === datasetId && run.versionId === versionId);
  const datasets = [...new Map(runs.map(({ datasetId, dataset }) => [datasetId, dataset.name]))].filter(
    ([id]) => newest(id, baselineId) && newest(id, candidateId),
  );
  const names = datasets.map(([, name]) => name).sort();
  if (datasets.length === 0) {
    const why = `No dataset has runs of both ${input.baseline} and ${input.candidate}. Import a run of each first.`;
    throw new Fault("invalid", why, { field: "dataset" });
  }
  if (input.dataset === undefined && datasets.length > 1) {
    throw new Fault("invalid", `Several datasets have runs of both versions: ${listed(names, 12)}. Name one.`, {
      field: "dataset",
    });
  }
  const chosen = input.dataset === undefined ? datasets[0] : datasets.find(([, name]) => name === input.dataset);
  if (!chosen) throw unknown("dataset", "With runs of both versions, the dataset", input.dataset ?? "", names);
  const [datasetId] = chosen;
  return {
    datasetId,
    baselineRunId: newest(datasetId, baselineId)!.id,
    candidateRunId: newest(datasetId, candidateId)!.id,
  };
}

/** Criteria with something to say about both runs: verdicts, preferences or imported reviews. In order of appearance. */
async function chooseCriteria(tx: Tx, projectId: number, runs: Pair, input: CreateRelease): Promise<Keyed[]> {
  const all = await tx.criterion.findMany({
    where: { projectId },
    select: { id: true, key: true },
    orderBy: { id: "asc" },
  });
  if (input.criteria) {
    return [...new Set(input.criteria)].map((key) => {
      const found = all.find((criterion) => criterion.key === key);
      if (found) return found;
      throw unknown(
        "criteria",
        "The criterion",
        key,
        all.map((criterion) => criterion.key),
      );
    });
  }
  const seen = await tx.$queryRaw<{ id: number }[]>`
    SELECT c.id FROM criterion c
     WHERE c.project_id = ${projectId}
       AND (SELECT bool_and(
              EXISTS (SELECT 1 FROM run_judge rj JOIN judge_version jv ON jv.id = rj.judge_version_id
                       WHERE rj.run_id = run AND jv.criterion_id = c.id)
              OR EXISTS (SELECT 1 FROM imported_review ir WHERE ir.run_id = run AND ir.criterion_id = c.id))
            FROM unnest(${runs}::int[]) AS run)
        OR c.project_id = ${projectId} AND c.kind = 'preference' AND (
              EXISTS (SELECT 1 FROM run_pair_judge pj JOIN judge_version jv ON jv.id = pj.judge_version_id
                       WHERE jv.criterion_id = c.id AND ${ofPair(runs, "pj")})
              OR EXISTS (SELECT 1 FROM imported_preference ip WHERE ip.criterion_id = c.id AND ${ofPair(runs, "ip")}))`;
  const ids = new Set(seen.map(({ id }) => id));
  const criteria = all.filter(({ id }) => ids.has(id));
  if (criteria.length === 0) {
    const there =
      all.length > 0
        ? ` Name some of ${listed(
            all.map(({ key }) => key),
            12,
          )}.`
        : "";
    throw new Fault("invalid", `No criterion was judged or reviewed on both runs.${there}`, { field: "criteria" });
  }
  return criteria;
}

/** Compares these two runs, in whichever order. */
function ofPair([baseline, candidate]: Pair, alias: string): Prisma.Sql {
  const of = Prisma.raw(alias);
  return Prisma.sql`(${of}.first_run_id, ${of}.second_run_id) IN ((${baseline}, ${candidate}), (${candidate}, ${baseline}))`;
}

/** Per criterion the judge that is named, else the first that judged both runs; a judge's newest version counts. */
async function chooseJudges(tx: Tx, runs: Pair, criteria: Keyed[], input: CreateRelease): Promise<Plan["criteria"]> {
  const judged = await tx.$queryRaw<{ versionId: number; criterionId: number; key: string }[]>`
    SELECT DISTINCT ON (j.id, jv.criterion_id) jv.id AS "versionId", jv.criterion_id AS "criterionId", j.key
      FROM judge_version jv JOIN judge j ON j.id = jv.judge_id
     WHERE jv.criterion_id = ANY (${criteria.map(({ id }) => id)}::int[])
       AND ((SELECT count(*) FROM run_judge rj WHERE rj.judge_version_id = jv.id AND rj.run_id = ANY (${runs}::int[])) = 2
            OR EXISTS (SELECT 1 FROM run_pair_judge pj WHERE pj.judge_version_id = jv.id AND ${ofPair(runs, "pj")}))
     ORDER BY j.id, jv.criterion_id, jv.number DESC`;
  const { judges } = input;
  const keys = [...new Set(judged.map(({ key }) => key))];
  const named = new Map<number, string | null>();
  if (Array.isArray(judges)) {
    for (const key of judges) {
      const rows = judged.filter((judge) => judge.key === key);
      if (rows.length === 0) throw unknown("judges", "Of these criteria and both runs, the judge", key, keys);
      for (const { criterionId } of rows) {
        const other = named.get(criterionId);
        if (other !== undefined && other !== key) {
          const both = `${other} and ${key} judge the same criterion: the estimate corrects one. Name one of them.`;
          throw new Fault("invalid", both, { field: "judges" });
        }
        named.set(criterionId, key);
      }
    }
    if (judges.length === 0) for (const { id } of criteria) named.set(id, null);
  } else {
    for (const [criterionKey, key] of Object.entries(judges ?? {})) {
      const criterion = criteria.find((row) => row.key === criterionKey);
      if (!criterion)
        throw unknown(
          "judges",
          "The criterion",
          criterionKey,
          criteria.map((row) => row.key),
        );
      named.set(criterion.id, key);
    }
  }
  return criteria.map((criterion) => {
    const choices = judged.filter(({ criterionId }) => criterionId === criterion.id);
    const key = named.get(criterion.id);
    if (key === null) return { ...criterion, judge: null };
    const judge = key === undefined ? choices[0] : choices.find((choice) => choice.key === key);
    if (key !== undefined && !judge) {
      const those = choices.map((choice) => choice.key);
      throw unknown("judges", `On ${criterion.key} and both runs, the judge`, key, those);
    }
    return { ...criterion, judge: judge ? { versionId: judge.versionId, key: judge.key } : null };
  });
}

/** Resolves human keys within a project. Throws Fault `invalid` with the field and the choices there are. */
export async function planRelease(tx: Tx, projectId: number, input: CreateRelease): Promise<Plan> {
  const prompt = await tx.prompt.findUnique({
    where: { projectId_name: { projectId, name: input.prompt } },
    select: { id: true },
  });
  if (!prompt) throw new Fault("invalid", `This project has no prompt “${input.prompt}”.`, { field: "prompt" });
  const { baseline, candidate, label } = await chooseVersions(tx, prompt.id, input);
  const runs = await chooseRuns(tx, projectId, baseline.id, candidate.id, input);
  const both: Pair = [runs.baselineRunId, runs.candidateRunId];
  const criteria = await chooseCriteria(tx, projectId, both, input);
  const policyKey = input.policy ?? "standard";
  const policy = await tx.policy.findFirst({
    where: { projectId, key: policyKey },
    select: { id: true, key: true, number: true },
    orderBy: { number: "desc" },
  });
  if (!policy) {
    const all = await tx.policy.findMany({ where: { projectId }, select: { key: true }, distinct: ["key"] });
    throw unknown(
      "policy",
      "The policy",
      policyKey,
      all.map(({ key }) => key),
    );
  }
  return {
    promptId: prompt.id,
    baseline: { id: baseline.id, key: baseline.key },
    candidate: { id: candidate.id, key: candidate.key },
    ...runs,
    criteria: await chooseJudges(tx, both, criteria, input),
    policy,
    label,
  };
}
