import { alwaysValidName } from "../stats/always-valid";
import type { JudgeTrust, Rate } from "../stats/judge-trust";
import type { SliceBound } from "./compute";
import type { CriterionEvidence } from "./types";

function trustJson(trust: JudgeTrust) {
  const rate = ({ estimate, low, high }: Rate) => ({ estimate, low, high });
  return {
    tp: trust.tp,
    fp: trust.fp,
    fn: trust.fn,
    tn: trust.tn,
    graded: trust.graded,
    tpr: rate(trust.tpr),
    tnr: rate(trust.tnr),
    falsePassRate: rate(trust.falsePassRate),
    agreement: trust.agreement,
    kappa: trust.kappa,
    ac1: trust.ac1,
  };
}

/** One entry of `criteria` in the brief, as REST gives it. Proportions; null where nothing is known yet. */
export function toBriefCriterion(evidence: CriterionEvidence) {
  const { estimate } = evidence;
  const these = estimate?.theseCases;
  return {
    key: evidence.key,
    name: evidence.name,
    kind: evidence.kind,
    population: evidence.population,
    unanswered: evidence.unanswered,
    judges: evidence.judges.map((judge) => ({
      key: judge.key,
      version: judge.number,
      model: judge.model,
      instrument: judge.instrument,
      licence: judge.licence,
      ...(judge.catch && { catch: judge.catch }),
      verdicts: judge.verdicts,
      trust: Object.fromEntries(Object.entries(judge.trust).map(([version, trust]) => [version, trustJson(trust)])),
      ...(judge.prefers && { prefers: judge.prefers }),
      ...(judge.preference && { preference: judge.preference }),
    })),
    tally: Object.fromEntries(evidence.judges.map(({ key, tally }) => [key, tally])),
    estimate: {
      delta: these?.delta.estimate ?? null,
      low: these?.delta.low ?? null,
      high: these?.delta.high ?? null,
      level: estimate?.level ?? null,
      method: estimate?.method ?? null,
      alwaysValid: evidence.alwaysValid && { ...evidence.alwaysValid, method: alwaysValidName },
      drawn: evidence.drawn,
      reviewed: evidence.reviewed,
      question: "these cases",
      // Which of two answers is better says nothing of how many pass.
      passRates:
        these && evidence.kind === "pass_fail" ? { baseline: these.baseline, candidate: these.candidate } : null,
      casesLikeThese: estimate ? estimate.casesLikeThese : null,
      missingStrata: estimate?.missingStrata ?? [],
      worstCase: evidence.worstCaseDelta,
    },
    slices: evidence.slices,
    labels: evidence.labels,
    skipped: evidence.skipped,
    overrides: evidence.overrides,
    ...(evidence.imported ? { imported: evidence.imported } : {}),
    ...(evidence.importedPreferences ? { importedPreferences: evidence.importedPreferences } : {}),
  };
}

export type BriefCriterion = ReturnType<typeof toBriefCriterion> & {
  /** Slices for which the policy has a margin of their own; of the primary criterion alone. */
  sliceBounds?: SliceBound[];
};
