"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { formatPoints, formatRate, plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Select } from "@/components/ui/select";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { ReleaseChoices, ReleaseDraft } from "@/lib/releases/queries";
import { useForm } from "../../../_form";
import { createReleaseAction } from "../actions";

const shownAtField = ["prompt", "baseline", "candidate", "dataset"];

type Props = { draft: ReleaseDraft; choices: ReleaseChoices };

/** What is compared lives in the URL, so each choice offers what fits it; the rest of the form is sent with it. */
export function ReleaseForm({ draft, choices }: Props) {
  const router = useRouter();
  const [loading, start] = useTransition();
  const [outcome, form, busy] = useForm(createReleaseAction);
  const { plan, problem } = choices;

  const choose = (change: ReleaseDraft) => {
    const next = Object.entries({ ...draft, ...change }).flatMap(([name, value]) =>
      typeof value === "string" && value !== "" ? [[name, value]] : [],
    );
    start(() => router.replace(`/releases/new?${new URLSearchParams(next)}`, { scroll: false }));
  };
  const version = (key: string) => {
    const found = choices.versions.find((row) => row.key === key);
    return spelled([key, ...(found?.labels ?? [])].join(" · ")) + (found?.runs === 0 ? " (no run)" : "");
  };
  const wrong = (field: string) => {
    if (outcome && !outcome.ok && outcome.field === field) return outcome.message;
    return problem?.field === field ? problem.message : undefined;
  };
  const rest = problem && !shownAtField.includes(problem.field ?? "") ? problem.message : null;

  return (
    <form {...form} className="flex max-w-2xl flex-col gap-6" aria-busy={loading}>
      <fieldset className="flex flex-col gap-4">
        <legend className="mb-2 text-lg font-semibold">What is compared</legend>
        <Field label="Prompt" error={wrong("prompt")}>
          <Select
            name="prompt"
            value={draft.prompt ?? ""}
            onChange={({ target }) =>
              choose({ prompt: target.value, baseline: undefined, candidate: undefined, dataset: undefined })
            }
          >
            {!draft.prompt && <option value="">Choose a prompt</option>}
            {choices.prompts.map((name) => (
              <option key={name} value={name}>
                {spelled(name)}
              </option>
            ))}
          </Select>
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Baseline" hint="What is in use now" error={wrong("baseline")}>
            <Select
              name="baseline"
              value={draft.baseline ?? ""}
              onChange={({ target }) => choose({ baseline: target.value, dataset: undefined })}
            >
              {!draft.baseline && <option value="">Choose a version</option>}
              {choices.versions.map(({ key }) => (
                <option key={key} value={key}>
                  {version(key)}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Candidate" hint="What would replace it" error={wrong("candidate")}>
            <Select
              name="candidate"
              value={draft.candidate ?? ""}
              onChange={({ target }) => choose({ candidate: target.value, dataset: undefined })}
            >
              {!draft.candidate && <option value="">Choose a version</option>}
              {choices.versions.map(({ key }) => (
                <option key={key} value={key}>
                  {version(key)}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <Field label="Dataset" hint="The newest run of each version on it is pinned" error={wrong("dataset")}>
          <Select
            name="dataset"
            value={draft.dataset ?? (choices.datasets.length === 1 ? choices.datasets[0] : "")}
            onChange={({ target }) => choose({ dataset: target.value })}
          >
            {choices.datasets.length !== 1 && <option value="">Choose a dataset</option>}
            {choices.datasets.map((name) => (
              <option key={name} value={name}>
                {spelled(name)}
              </option>
            ))}
          </Select>
        </Field>
      </fieldset>

      {plan && <Criteria key={JSON.stringify(plan)} choices={choices} plan={plan} />}
      {plan && <Policies choices={choices} />}
      {rest && <Notice tone="warning">{rest}</Notice>}
      {outcome && !outcome.ok && !shownAtField.includes(outcome.field ?? "") && (
        <Notice tone="danger">{outcome.message}</Notice>
      )}
      <div>
        <Button type="submit" variant="primary" disabled={busy || loading || !plan}>
          Create release
        </Button>
      </div>
    </form>
  );
}

function Criteria({ choices, plan }: { choices: ReleaseChoices; plan: NonNullable<ReleaseChoices["plan"]> }) {
  const chosen = new Map(plan.criteria.map(({ key, judge }) => [key, judge?.key ?? null]));
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-2 text-lg font-semibold">What people and judges are asked</legend>
      <Field
        label="Primary criterion"
        hint="Its delta decides the gate; the sample is stratified by its judge's verdicts"
      >
        <Select name="primary" defaultValue={plan.criteria[0]?.key}>
          {choices.criteria.map(({ key, name }) => (
            <option key={key} value={key}>
              {spelled(`${name} (${key})`)}
            </option>
          ))}
        </Select>
      </Field>
      {choices.criteria.map(({ key, name, judges }) => (
        <div key={key} className="grid items-end gap-x-4 gap-y-1 border-t border-line pt-3 sm:grid-cols-2">
          <Checkbox name="criteria" value={key} defaultChecked={chosen.has(key)}>
            <UntrustedText text={name} />{" "}
            <span className="text-muted">
              (<UntrustedText text={key} />)
            </span>
          </Checkbox>
          <Field label={<span className="text-sm text-muted">Judge that the estimate corrects</span>}>
            <Select name={`judge:${key}`} defaultValue={chosen.get(key) ?? judges[0] ?? ""}>
              {judges.map((judge) => (
                <option key={judge} value={judge}>
                  {spelled(judge)}
                </option>
              ))}
              <option value="">none: people only</option>
            </Select>
          </Field>
        </div>
      ))}
    </fieldset>
  );
}

function Policies({ choices }: { choices: ReleaseChoices }) {
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-2 text-lg font-semibold">Under which policy</legend>
      {choices.policies.map(({ key, number, document }) => (
        <label key={key} className="flex cursor-pointer items-baseline gap-2">
          <input
            type="radio"
            name="policy"
            value={key}
            defaultChecked={key === choices.plan?.policy.key}
            className="size-4 translate-y-0.5 accent-accent"
          />
          <span>
            <span className="font-medium">
              {key} {number}
            </span>{" "}
            <span className="text-muted">
              delta not below {formatPoints(document.margin, 0)}, at least {plural(document.minReviewedCases, "case")}{" "}
              graded, judge TPR ≥ {formatRate(document.judge.minTpr, 0)} and TNR ≥{" "}
              {formatRate(document.judge.minTnr, 0)}, {plural(document.signers, "signature")},{" "}
              {formatRate(document.level, 0)} intervals
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
