"use client";

import { useMemo, useState, useTransition } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { CopyButton } from "@/components/ui/copy-button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { Textarea } from "@/components/ui/textarea";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { DryRunRow } from "@/lib/releases/dry-run";
import { type PolicyDocument, policyDraftSchema, policyKeySchema } from "@/lib/releases/policy-document";
import { type PolicyFacts, policyWarnings } from "@/lib/releases/policy-warnings";
import { policyText, waivableGates } from "@/lib/releases/policy-words";
import { DryRunTable } from "../../_components/dry-run-table";
import { PolicyDiff } from "../../_components/policy-diff";
import { Warnings } from "../../_components/warnings";
import { dryRunAction, proposeAction } from "../../actions";
import { NumberField, Part, PeopleField } from "./fields";
import { CriteriaFields, GroupFields, JudgeFields, SliceFields } from "./lists";

type Props = {
  /** Null: a policy that is new. */
  base: { number: number; document: PolicyDocument } | null;
  policyKey?: string;
  start: PolicyDocument;
  facts: PolicyFacts;
};

type Failure = { message: string; field?: string };

/** A policy, field by field. What nobody could meet is said while it is written, and stops nobody. */
export function PolicyForm({ base, policyKey, start, facts }: Props) {
  const [policy, setPolicy] = useState(start);
  const [key, setKey] = useState(policyKey ?? "");
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<Failure | null>(null);
  const [tried, setTried] = useState<{ rows: DryRunRow[]; left: number } | null>(null);
  const [busy, begin] = useTransition();
  const change = (part: Partial<PolicyDocument>) => {
    setPolicy((now) => ({ ...now, ...part }));
    setTried(null);
  };
  const read = useMemo(() => policyDraftSchema.safeParse(policy), [policy]);
  const document = read.success ? read.data : null;
  const issue = (path: string) => {
    const found = read.error?.issues.find(
      (row) => row.path.join(".") === path || row.path.join(".").startsWith(`${path}.`),
    );
    return found && (found.code === "custom" ? found.message : (plainly[path] ?? found.message));
  };
  const keyIssue = policyKeySchema.safeParse(key).error?.issues[0]?.message;
  const managers = facts.members.filter(({ roles }) => roles.includes("release_manager")).map(({ email }) => email);

  const propose = () =>
    begin(async () => {
      const outcome = await proposeAction({ key, base: base?.number ?? 0, reason, document: policy });
      setFailure(outcome && !outcome.ok ? outcome : null);
    });
  const tryOut = () =>
    begin(async () => {
      const outcome = await dryRunAction(policy);
      setFailure(outcome.ok ? null : outcome);
      setTried(outcome.ok ? (outcome.value ?? null) : null);
    });

  return (
    <form
      aria-label="Policy"
      className="flex flex-col gap-8"
      onSubmit={(event) => {
        event.preventDefault();
        propose();
      }}
    >
      <Part title="Policy">
        {policyKey === undefined && (
          <Field
            label="Key"
            hint="How releases and pipelines name it, such as medical-advice"
            error={key === "" ? undefined : keyIssue}
          >
            <Input
              className="max-w-80"
              value={key}
              autoComplete="off"
              onChange={({ target }) => setKey(target.value)}
            />
          </Field>
        )}
        <Field label="Name" hint="For people to read" error={policy.name === "" ? undefined : issue("name")}>
          <Input
            className="max-w-80"
            value={policy.name}
            maxLength={200}
            autoComplete="off"
            onChange={({ target }) => change({ name: target.value })}
          />
        </Field>
      </Part>

      <Part
        title="The difference"
        about="A candidate passes when, for certain enough, it is not worse than the baseline by more than the margin."
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <NumberField
            label="Margin"
            unit="points"
            hint="−2: up to 2 of 100 more bad answers are accepted. 0: none. 1: it must be better by 1"
            {...{ value: policy.margin, min: -100, max: 100, scale: 100 }}
            onChange={(margin) => change({ margin: margin! })}
          />
          <NumberField
            label="Risk limit"
            unit="%"
            hint="Of 100 releases that are worse than the margin, so many may get through"
            {...{ value: policy.riskLimit, min: 0.1, max: 50, scale: 100 }}
            onChange={(riskLimit) => change({ riskLimit: riskLimit! })}
          />
          <NumberField
            label="Confidence of the other intervals"
            unit="%"
            hint="Those that decide nothing on their own"
            {...{ value: policy.level, min: 50, max: 99.9, scale: 100 }}
            onChange={(level) => change({ level: level! })}
          />
        </div>
        <SliceFields
          slices={policy.slices}
          known={[...new Set(facts.datasets.flatMap(({ slices }) => slices))]}
          error={issue("slices")}
          onChange={(slices) => change({ slices })}
        />
      </Part>

      <Part title="Grades" about="People's grades are what every number rests on.">
        <div className="grid gap-4 sm:grid-cols-2">
          <NumberField
            label="Cases that people grade"
            hint="At least so many; never more than there are"
            {...{ value: policy.minReviewedCases, min: 0, max: 1_000_000, whole: true }}
            onChange={(minReviewedCases) => change({ minReviewedCases: minReviewedCases! })}
          />
          <NumberField
            label="People per case"
            hint="With two, each case is graded twice, and disagreements are settled"
            {...{ value: policy.reviewersPerCase, min: 1, max: 20, whole: true }}
            onChange={(reviewersPerCase) => change({ reviewersPerCase: reviewersPerCase! })}
          />
          <NumberField
            label="Cases shown a second time"
            unit="%"
            hint="To see whether a person grades alike twice"
            {...{ value: policy.checks.repeats, min: 0, max: 50, scale: 100 }}
            onChange={(repeats) => change({ checks: { ...policy.checks, repeats: repeats! } })}
          />
          <NumberField
            label="Sentinels in the queue"
            unit="%"
            hint="Answers known to be bad or good, where some are made"
            {...{ value: policy.checks.sentinels, min: 0, max: 50, scale: 100 }}
            onChange={(sentinels) => change({ checks: { ...policy.checks, sentinels: sentinels! } })}
          />
        </div>
        <Checkbox checked={policy.mustPass} onChange={({ target }) => change({ mustPass: target.checked })}>
          One must-pass case that fails stops the release
        </Checkbox>
      </Part>

      <Part title="The judge" about="How often a judge must agree with people before an estimate may rest on it.">
        <JudgeFields judge={policy.judge} onChange={(judge) => change({ judge })} />
      </Part>

      <Part
        title="What differs for a criterion"
        about="A criterion with a margin of its own must meet it. Others must only not be worse than the policy's margin."
      >
        <CriteriaFields
          criteria={policy.criteria}
          policy={policy}
          known={facts.criteria}
          onChange={(criteria) => change({ criteria })}
        />
      </Part>

      <Part title="Signatures" about="Whoever contributed to a candidate may never sign for it, whatever stands here.">
        <NumberField
          label="People who must approve"
          hint={
            managers.length === 0
              ? "Nobody here is a release manager yet"
              : `Release managers here: ${managers.join(", ")}`
          }
          {...{ value: policy.signers, min: 1, max: 20, whole: true }}
          onChange={(signers) => change({ signers: signers! })}
        />
        <GroupFields
          groups={policy.signerGroups}
          error={issue("signerGroups")}
          onChange={(signerGroups) => change({ signerGroups })}
        />
        <Checkbox
          checked={policy.excluded.graders}
          onChange={({ target }) => change({ excluded: { ...policy.excluded, graders: target.checked } })}
        >
          People who graded may not sign
        </Checkbox>
        <PeopleField
          label="People who may not sign"
          hint="E-mails, one a line"
          value={policy.excluded.people}
          error={issue("excluded.people")}
          onChange={(people) => change({ excluded: { ...policy.excluded, people } })}
        />
        <Field
          label="What an approval may mean"
          hint="One sentence a line; a signer chooses one. Empty: the usual sentences"
          error={issue("meanings")}
        >
          <Textarea
            rows={3}
            defaultValue={policy.meanings.join("\n")}
            onChange={({ target }) =>
              change({
                meanings: target.value
                  .split("\n")
                  .map((line) => line.trim())
                  .filter(Boolean),
              })
            }
          />
        </Field>
        <Checkbox checked={policy.dissentBlocks} onChange={({ target }) => change({ dissentBlocks: target.checked })}>
          One refusal refuses the release{" "}
          <span className="text-muted">otherwise it is kept as dissent, and as many as must approve refuse</span>
        </Checkbox>
      </Part>

      <Part title="Age of the evidence" about="Counted when the grading closes. Empty: any age.">
        <div className="grid gap-4 sm:grid-cols-2">
          <NumberField
            label="Runs"
            unit="days"
            hint="Since they were imported"
            empty="any age"
            {...{ value: policy.freshness.runs, min: 0.01, max: 3650 }}
            onChange={(runs) => change({ freshness: { ...policy.freshness, runs } })}
          />
          <NumberField
            label="Grades that calibrate a judge"
            unit="days"
            hint="Since the oldest was given"
            empty="any age"
            {...{ value: policy.freshness.calibration, min: 0.01, max: 3650 }}
            onChange={(calibration) => change({ freshness: { ...policy.freshness, calibration } })}
          />
        </div>
      </Part>

      <Part
        title="Waivers"
        about="A signer may let these gates pass although they are open, whole or for one criterion, slice or must-pass case, with a reason and an end. They are shown as waived, never as met."
      >
        <div className="flex flex-wrap gap-x-6 gap-y-1">
          {(Object.keys(waivableGates) as (keyof typeof waivableGates)[]).map((gate) => (
            <Checkbox
              key={gate}
              checked={policy.waivers.gates.includes(gate)}
              onChange={({ target }) => {
                const others = policy.waivers.gates.filter((other) => other !== gate);
                change({ waivers: { ...policy.waivers, gates: target.checked ? [...others, gate] : others } });
              }}
            >
              <span className="first-letter:uppercase inline-block">{waivableGates[gate]}</span>
            </Checkbox>
          ))}
        </div>
        {policy.waivers.gates.length > 0 && (
          <NumberField
            label="For how long"
            unit="days"
            hint="At most"
            {...{ value: policy.waivers.maxDays, min: 0.01, max: 3650 }}
            onChange={(maxDays) => change({ waivers: { ...policy.waivers, maxDays: maxDays! } })}
          />
        )}
      </Part>

      <section aria-labelledby="result" className="flex flex-col gap-4 border-t border-line-strong pt-4">
        <h3 id="result" className="text-lg font-semibold">
          What you propose
        </h3>
        {document === null ? (
          <p className="text-muted">Some fields are not filled in yet: {wrongFields(read.error?.issues ?? [])}.</p>
        ) : (
          <>
            {base && (
              <PolicyDiff
                before={base.document}
                after={document}
                names={{ before: `Version ${base.number}`, after: "Proposed" }}
              />
            )}
            <div aria-live="polite" className="flex flex-col gap-3">
              <Warnings warnings={policyWarnings(document, facts)} />
            </div>
            <details>
              <summary className="min-h-6 cursor-pointer text-accent">The document as JSON</summary>
              <div className="mt-2 flex flex-col gap-2">
                <pre
                  // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling pane must be reachable by keyboard
                  tabIndex={0}
                  className="max-h-96 overflow-auto rounded-md border border-line bg-raised p-3 font-mono text-[13px]"
                >
                  <UntrustedText text={policyText(document)} />
                </pre>
                <div className="flex gap-2">
                  <CopyButton text={policyText(document)} label="Copy JSON" />
                  <Button size="sm" onClick={() => download(key || "policy", policyText(document))}>
                    Download JSON
                  </Button>
                </div>
              </div>
            </details>
            <div>
              <Button onClick={tryOut} disabled={busy}>
                Try it against past releases
              </Button>
            </div>
            {tried && <DryRunTable {...tried} />}
          </>
        )}
      </section>

      <section aria-label="Propose" className="flex max-w-prose flex-col gap-4 border-t border-line-strong pt-4">
        <Field label="What changes, and why" hint="Whoever approves it reads this first">
          <Textarea value={reason} maxLength={2000} onChange={({ target }) => setReason(target.value)} />
        </Field>
        {failure && <Notice tone="danger">{failure.message}</Notice>}
        <div>
          <Button
            type="submit"
            variant="primary"
            disabled={busy || document === null || keyIssue !== undefined || reason.trim() === ""}
          >
            Propose
          </Button>
        </div>
      </section>
    </form>
  );
}

const plainly: Record<string, string> = {
  name: "A policy needs a name, of 200 characters at most.",
  slices: "Name every slice.",
  signerGroups: "Every group needs a name, people and a number of signatures.",
  "excluded.people": "E-mails, one a line.",
  meanings: "At most ten sentences of 500 characters.",
};

const words: Record<string, string> = {
  name: "the name",
  slices: "slices",
  signerGroups: "groups of signers",
  excluded: "people who may not sign",
  meanings: "what an approval may mean",
  criteria: "what differs for a criterion",
  freshness: "the age of the evidence",
  waivers: "waivers",
};

function wrongFields(issues: readonly { path: readonly PropertyKey[] }[]): string {
  const names = issues.map(({ path }) => words[String(path[0])] ?? "a number");
  return [...new Set(names)].join(", ");
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = window.document.createElement("a");
  link.href = url;
  link.download = `${name}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
