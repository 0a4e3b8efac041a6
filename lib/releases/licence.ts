import type { BriefCriterion } from "../calibration/brief";
import { type CatchRate, gradesToSettle, type Licence } from "../stats/judge-trust";
import type { PolicyDocument } from "./policy-document";
import { listed, ofHundred } from "./words";

/** How far a judge can be trusted, in words. Pure. */

export type BriefJudge = BriefCriterion["judges"][number];
type Trust = BriefJudge["trust"][string];

/** A judge's trust in the order of the versions: the canonical JSON of frozen evidence sorts its keys. */
export function trustOf(
  judge: Pick<BriefJudge, "trust">,
  versions: readonly string[],
): [version: string, trust: Trust][] {
  return versions.flatMap((version): [string, Trust][] => {
    const trust = judge.trust[version];
    return trust ? [[version, trust]] : [];
  });
}

/** How far a judge can be trusted, in words a reader can act on: both versions, and what the policy asks for. */
export function trustInWords(judge: BriefJudge, versions: readonly string[], policy: PolicyDocument): string {
  const [minTpr, minTnr] = [policy.judge.minTpr, policy.judge.minTnr].map((share) => Math.round(share * 100));
  if (judge.preference) {
    const { finds } = judge.preference;
    const parts = preferredOf(judge.preference).map(({ side, graded }) => {
      const { low, high } = finds[side];
      return graded === 0
        ? `in no graded case people prefer the ${side}`
        : `it finds ${ofHundred(low, high)} of 100 cases in which people prefer the ${side} (${graded} graded)`;
    });
    const text = parts.join("; ");
    return `${text.charAt(0).toUpperCase()}${text.slice(1)}. The policy asks for ${minTpr} and ${minTnr}.`;
  }
  const parts = trustOf(judge, versions).map(([version, { graded, tpr, tnr }]) => {
    const [good, bad] = [graded.tp + graded.fn, graded.fp + graded.tn];
    const passes = good === 0 ? "no good answer graded" : `passes ${ofHundred(tpr.low, tpr.high)} of 100 good answers`;
    const catches = bad === 0 ? "no bad answer graded" : `catches ${ofHundred(tnr.low, tnr.high)} of 100 bad ones`;
    return `${version}: ${passes}, ${catches} (${good} good and ${bad} bad graded)`;
  });
  return `${parts.join("; ")}. The policy asks for ${minTpr} and ${minTnr}.`;
}

/** How many of what a judge passes is bad. The interval may be known before every stratum has a grade, and with it the rate. */
export function falsePassesInWords(judge: Pick<BriefJudge, "trust">, versions: readonly string[]): string {
  const parts = trustOf(judge, versions).map(([version, { falsePassRate }]) => {
    const bad = ofHundred(falsePassRate.low, falsePassRate.high);
    return bad === "0–100"
      ? `of ${version} nothing is known yet`
      : `of 100 answers of ${version} that it passes, ${bad} are bad`;
  });
  const text = parts.join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Why a judge has its licence: what it can do at least, or what is short of the policy. */
export function licenceInWords(judge: BriefJudge, policy: PolicyDocument): string {
  if (judge.preference) return preferenceLicenceInWords(judge.preference, judge.licence, policy);
  const versions = Object.entries(judge.trust);
  if (versions.every(([, { graded }]) => graded.tp + graded.fp + graded.fn + graded.tn === 0)) {
    return "nothing is graded yet.";
  }
  const noticed = catchInWords(judge, policy);
  const floor = (rate: "tpr" | "tnr") =>
    Math.floor(Math.min(...versions.map(([, trust]) => trust[rate].low)) * 100 + 1e-9);
  if (judge.licence === "trusted") {
    const caught =
      judge.catch && policy.judge.minCatch !== undefined
        ? ` ${judge.catch.caught} of ${judge.catch.n} known-bad sentinels are caught.`
        : "";
    return `passes at least ${floor("tpr")} of 100 good answers and catches at least ${floor("tnr")} of 100 bad ones.${caught}`;
  }
  const short = versions.flatMap(([version, { graded, tpr, tnr }]) =>
    [
      { rate: tpr, needed: policy.judge.minTpr, n: graded.tp + graded.fn, does: "passes", what: "good answers" },
      { rate: tnr, needed: policy.judge.minTnr, n: graded.fp + graded.tn, does: "catches", what: "bad answers" },
    ]
      .filter(({ rate, needed }) => rate.estimate === null || rate.low < needed)
      .map(({ rate, needed, n, does, what }) =>
        n === 0
          ? `no ${what.slice(0, -1)} of ${version} is graded`
          : `${does} ${ofHundred(rate.low, rate.high)} of 100 ${what} of ${version}, ${Math.round(needed * 100)} needed (${n} graded)`,
      ),
  );
  return `${[...short, ...(noticed ? [noticed] : [])].join("; ")}.`;
}

/** What is short of the policy's catch rate; null when nothing is. */
function catchInWords(judge: BriefJudge, policy: PolicyDocument): string | null {
  const { minCatch } = policy.judge;
  if (minCatch === undefined) return null;
  const needed = `${Math.round(minCatch * 100)} of 100 needed`;
  if (!judge.catch) return `no known-bad sentinel is judged, ${needed}`;
  const { caught, n, low, high } = judge.catch;
  return low >= minCatch
    ? null
    : `catches ${ofHundred(low, high)} of 100 known-bad sentinels, ${needed} (${caught} of ${n} caught)`;
}

type Limits = Pick<PolicyDocument["judge"], "minTpr" | "minTnr" | "minCatch">;

type Licensed = {
  licence: Licence;
  trust: Record<string, Pick<Trust, "tpr" | "tnr">>;
  catch?: CatchRate | null;
};

/** Which rates keep a judge from being trusted, on which version; a licence is of all of them together. */
export function licenceReason(
  { licence, trust, catch: caught }: Licensed,
  { minTpr, minTnr, minCatch }: Limits,
): string {
  if (licence === "trusted") return "";
  const untrusted = licence === "untrusted";
  const short = ({ estimate, low, high }: Trust["tpr"], needed: number) =>
    untrusted ? estimate !== null && high < needed : estimate === null || low < needed;
  const parts = (
    [
      ["TPR", "tpr", minTpr],
      ["TNR", "tnr", minTnr],
    ] as const
  ).flatMap(([name, rate, needed]) => {
    const versions = Object.keys(trust).filter((version) => short(trust[version]![rate], needed));
    return versions.length > 0 ? [{ name: `${name} of ${listed(versions)}`, needed }] : [];
  });
  if (typeof minCatch === "number" && short(caught ? { estimate: 1, ...caught } : noRate, minCatch))
    parts.push({ name: "the rate of caught sentinels", needed: minCatch });
  return parts
    .map(({ name, needed }) => `${name} ${untrusted ? "is" : "may be"} below the ${Math.round(needed * 100)} needed`)
    .join("; ");
}

const noRate = { estimate: null, low: 0, high: 1 };

/** What it would take until the lower ends reach what the policy asks for; nothing when they do. */
export function settlingInWords(
  { graded, tpr, tnr }: Pick<Trust, "graded" | "tpr" | "tnr">,
  { minTpr, minTnr }: Limits,
  level: number,
): string {
  const parts = [
    { rate: tpr, right: graded.tp, n: graded.tp + graded.fn, needed: minTpr, what: "good" },
    { rate: tnr, right: graded.tn, n: graded.tn + graded.fp, needed: minTnr, what: "bad" },
  ]
    .filter(({ rate, needed }) => rate.estimate === null || rate.low < needed)
    .map(({ rate, right, n, needed, what }) => {
      if (n === 0) return `no ${what} answer is graded yet`;
      const [of, asked] = [`${right} of ${n} right`, `${Math.round(needed * 100)} of 100 needed`];
      // Only an interval that ends below says no: a few wrong ones say nothing of those that nobody has graded.
      if (rate.estimate !== null && rate.high < needed)
        return `of ${what} answers it got ${of}, ${asked}: more grades would hardly mend that`;
      const more = gradesToSettle(right, n, needed, level);
      return more === null
        ? `of ${what} answers it got ${of}, ${asked}: too few or too near to say how many more it takes`
        : `about ${Math.max(1, more)} more ${what} ${more > 1 ? "answers" : "answer"} to grade, if it goes on as it did (${of}, ${asked})`;
    });
  return parts.length === 0 ? "" : `What would settle it: ${parts.join("; ")}.`;
}

type Preference = NonNullable<BriefJudge["preference"]>;

/** The graded cases in which people prefer either side. */
function preferredOf({ graded }: Preference) {
  return (["candidate", "baseline"] as const).map((side) => ({
    side,
    graded: Object.values(graded).reduce((sum, row) => sum + row[side], 0),
  }));
}

function preferenceLicenceInWords(
  preference: Preference,
  licence: BriefJudge["licence"],
  policy: PolicyDocument,
): string {
  const { finds, graded } = preference;
  const all = Object.values(graded).reduce((sum, row) => sum + row.candidate + row.baseline + row.tie, 0);
  if (all === 0) return "nothing is graded yet.";
  const needed = { candidate: policy.judge.minTpr, baseline: policy.judge.minTnr };
  const sides = preferredOf(preference);
  if (licence === "trusted") {
    const floor = Math.floor(Math.min(finds.candidate.low, finds.baseline.low) * 100 + 1e-9);
    return `finds at least ${floor} of 100 cases in which people prefer one side.`;
  }
  const short = sides
    .filter(({ side }) => finds[side].estimate === null || finds[side].low < needed[side])
    .map(({ side, graded }) =>
      graded === 0
        ? `people prefer the ${side} in no graded case`
        : `finds ${ofHundred(finds[side].low, finds[side].high)} of 100 cases in which people prefer the ${side}, ${Math.round(needed[side] * 100)} needed (${graded} graded)`,
    );
  return `${short.join("; ")}.`;
}
