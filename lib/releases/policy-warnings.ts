import type { Role } from "../auth/actor";
import type { PolicyDocument } from "./policy-document";
import { waivableGates } from "./policy-words";
import { count, listed, margin } from "./words";

/** What stands in the way of a policy, as the project is now. Pure: the form says it while somebody writes, pages later. */

export type PolicyFacts = {
  members: readonly { email: string; name: string; roles: readonly Role[] }[];
  /** E-mails of those who graded in the latest releases, and of those who brought their candidates. */
  graders: readonly string[];
  contributors: readonly string[];
  datasets: readonly { name: string; cases: number; slices: readonly string[] }[];
  criteria: readonly string[];
  /** Of the latest closed gradings: days since the older run was imported, and since the oldest grade. */
  ages: readonly { runs: number; grades: number | null }[];
};

export type PolicyWarning = {
  /** The field it is about: a path in the document. */
  field: string;
  /** Nobody could ever meet it; or it is likely not what was meant. */
  kind: "impossible" | "doubtful";
  text: string;
};

const same = (a: string) => (b: string) => a.toLowerCase() === b.toLowerCase();

export function policyWarnings(policy: PolicyDocument, facts: PolicyFacts): PolicyWarning[] {
  const warnings: PolicyWarning[] = [];
  const say = (kind: PolicyWarning["kind"], field: string, text: string) => warnings.push({ kind, field, text });
  signatures(policy, facts, say);
  numbers(policy, facts, say);
  waivers(policy, say);
  ages(policy, facts, say);
  return warnings;
}

type Say = (kind: PolicyWarning["kind"], field: string, text: string) => void;

function signatures(policy: PolicyDocument, facts: PolicyFacts, say: Say): void {
  const { signers, signerGroups, excluded } = policy;
  const isExcluded = (email: string) => excluded.people.some(same(email));
  const managers = facts.members.filter(({ roles }) => roles.includes("release_manager")).map(({ email }) => email);
  const able = managers.filter((email) => !isExcluded(email));
  const asked = `${count(signers, "signature")} ${signers === 1 ? "is" : "are"} asked for`;
  if (able.length < signers) {
    const who = able.length === 0 ? "nobody here may sign" : `only ${listed(able)} may sign`;
    const why =
      managers.length > able.length ? "the others are left out by this policy or lack the role" : "it takes the role";
    say("impossible", "signers", `${asked}, and ${who}: ${why} release manager.`);
  } else {
    const left = able.filter(
      (email) => !facts.contributors.some(same(email)) && !(excluded.graders && facts.graders.some(same(email))),
    );
    if (left.length < signers) {
      const others = excluded.graders ? "brought candidates or graded of late" : "brought candidates of late";
      const who = left.length === 0 ? "everybody who may sign" : `all who may sign but ${listed(left)}`;
      say("doubtful", "signers", `${asked}, and ${who} ${others}: they may not sign for those.`);
    }
  }
  for (const [i, group] of signerGroups.entries()) {
    const field = `signerGroups.${i}`;
    const strangers = group.people.filter((email) => !facts.members.some((member) => same(email)(member.email)));
    const unable = group.people.filter((email) => !strangers.includes(email) && !managers.some(same(email)));
    const barred = group.people.filter((email) => managers.some(same(email)) && isExcluded(email));
    const good = group.people.length - strangers.length - unable.length - barred.length;
    const why = [
      strangers.length > 0 && `no member: ${listed(strangers)}`,
      unable.length > 0 && `no release manager: ${listed(unable)}`,
      barred.length > 0 && `left out by this policy: ${listed(barred)}`,
    ].filter((part) => part !== false);
    if (good < group.signatures) {
      const details = why.length > 0 ? ` (${why.join("; ")})` : "";
      say(
        "impossible",
        field,
        `The group ${group.name} must give ${count(group.signatures, "signature")}, and ${good} of it can sign${details}.`,
      );
    } else if (why.length > 0) say("doubtful", field, `In the group ${group.name}, ${why.join("; ")}.`);
  }
  const inGroups = signerGroups.reduce((sum, { signatures }) => sum + signatures, 0);
  const distinct = new Set(signerGroups.flatMap(({ people }) => people)).size;
  const everyPerson = signerGroups.reduce((sum, { people }) => sum + people.length, 0);
  if (signerGroups.length > 0 && distinct === everyPerson && inGroups > signers) {
    say(
      "doubtful",
      "signers",
      `The groups ask for ${inGroups} signatures together, more than the ${signers} asked for: as many as the groups ask for are needed.`,
    );
  }
  const unknown = excluded.people.filter((email) => !facts.members.some((member) => same(email)(member.email)));
  if (unknown.length > 0) say("doubtful", "excluded.people", `No member of this project: ${listed(unknown)}.`);
}

function numbers(policy: PolicyDocument, facts: PolicyFacts, say: Say): void {
  const margins: [string, string, number][] = [
    ["margin", "The margin", policy.margin],
    ...Object.entries(policy.criteria).flatMap(([key, own]): [string, string, number][] =>
      own.margin === undefined ? [] : [[`criteria.${key}.margin`, `The margin of ${key}`, own.margin]],
    ),
    ...policy.slices.map((row, i): [string, string, number] => [
      `slices.${i}`,
      `The margin of the slice ${row.slice}`,
      row.margin,
    ]),
  ];
  for (const [field, name, value] of margins) {
    if (value >= 1) say("impossible", field, `${name} is ${margin(value)}: no candidate is ever better by that much.`);
    else if (value > 0.1)
      say(
        "doubtful",
        field,
        `${name} is ${margin(value)}: the candidate would have to be better by that much, for certain.`,
      );
    else if (value <= -0.3)
      say("doubtful", field, `${name} is ${margin(value)}: a candidate that is worse in every third case would pass.`);
  }
  const judges: [string, PolicyDocument["judge"]][] = [
    ["judge", policy.judge],
    ...Object.entries(policy.criteria).flatMap(([key, own]): [string, PolicyDocument["judge"]][] =>
      own.judge ? [[`criteria.${key}.judge`, own.judge]] : [],
    ),
  ];
  for (const [field, { minTpr, minTnr, minCatch }] of judges)
    if (Math.max(minTpr, minTnr, minCatch ?? 0) >= 1)
      say(
        "impossible",
        field,
        "A judge that errs never is asked for: no interval ever reaches 100 %, so people would have to grade every case.",
      );
  if (policy.riskLimit > 0.2)
    say("doubtful", "riskLimit", "One in five releases that are worse than the margin may get through.");
  const largest = Math.max(0, ...facts.datasets.map(({ cases }) => cases));
  if (facts.datasets.length > 0 && policy.minReviewedCases > largest) {
    say(
      "doubtful",
      "minReviewedCases",
      `No dataset has ${count(policy.minReviewedCases, "case")}; the largest has ${count(largest, "case")}. Every case would have to be graded.`,
    );
  }
  const graders = facts.members.filter(({ roles }) => roles.includes("reviewer") || roles.includes("release_manager"));
  if (graders.length < policy.reviewersPerCase) {
    say(
      "impossible",
      "reviewersPerCase",
      `${count(policy.reviewersPerCase, "person", "people")} must grade each case, and ${graders.length} here may grade.`,
    );
  }
  for (const [i, { slice }] of policy.slices.entries()) {
    if (facts.datasets.some(({ slices }) => slices.includes(slice))) continue;
    say("impossible", `slices.${i}`, `No dataset has a slice “${slice}”, so there will never be evidence on it.`);
  }
  for (const key of Object.keys(policy.criteria))
    if (!facts.criteria.includes(key))
      say("doubtful", `criteria.${key}`, `There is no criterion “${key}” here, so this does nothing.`);
}

function waivers(policy: PolicyDocument, say: Say): void {
  const { gates } = policy.waivers;
  const idle = gates.filter(
    (gate) =>
      (gate === "slices" && policy.slices.length === 0) ||
      (gate === "freshness" && policy.freshness.runs === null && policy.freshness.calibration === null) ||
      (gate === "must_pass" && !policy.mustPass),
  );
  if (idle.length > 0) {
    say(
      "doubtful",
      "waivers.gates",
      `May be waived, though this policy does not ask for it: ${listed(idle.map((gate) => waivableGates[gate]))}.`,
    );
  }
  if (policy.mustPass && gates.includes("must_pass")) {
    say(
      "doubtful",
      "waivers.gates",
      "A must-pass case that fails stops the release, and may be waived: then it does not.",
    );
  }
  if (["must_pass", "delta", "judge", "reviews"].every((gate) => gates.includes(gate as (typeof gates)[number]))) {
    say("doubtful", "waivers.gates", "Every gate may be waived: signatures alone would then release anything.");
  }
}

function ages(policy: PolicyDocument, facts: PolicyFacts, say: Say): void {
  const { runs, calibration } = policy.freshness;
  const late = (limit: number, of: readonly (number | null)[]) => {
    const known = of.filter((age) => age !== null);
    const older = known.filter((age) => age > limit).length;
    return known.length > 0 && 2 * older > known.length ? `${older} of the last ${known.length}` : null;
  };
  const byRuns =
    runs === null
      ? null
      : late(
          runs,
          facts.ages.map((age) => age.runs),
        );
  if (byRuns)
    say(
      "doubtful",
      "freshness.runs",
      `In ${byRuns} releases the runs were older than ${count(runs!, "day")} when the grading closed.`,
    );
  const byGrades =
    calibration === null
      ? null
      : late(
          calibration,
          facts.ages.map((age) => age.grades),
        );
  if (byGrades) {
    say(
      "doubtful",
      "freshness.calibration",
      `In ${byGrades} releases the grading took longer than ${count(calibration!, "day")}.`,
    );
  }
  if (runs !== null && calibration !== null && runs < calibration) {
    say(
      "doubtful",
      "freshness.calibration",
      "Grades are always younger than the runs they grade: this limit never matters.",
    );
  }
}
