import { Field } from "@/components/ui/field";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { Textarea } from "@/components/ui/textarea";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { LabelHistory, ProtectionStep } from "@/lib/prompts/label-history";
import { ProtectionForm } from "./protection-form";

type Props = { prompt: string; history: LabelHistory; administers: boolean; userId: number };

/** Whether the label is protected, who changed that, and the two acts that take a protection away. */
export function Protection({ prompt, history, administers, userId }: Props) {
  const { name, protected: isProtected, protection } = history;
  const waiting = protection.find(({ outcome }) => outcome === null);
  return (
    <section aria-labelledby="protection" className="flex flex-col gap-3">
      <h2 id="protection" className="text-lg font-semibold">
        Protection
      </h2>
      <p className="max-w-prose">
        {isProtected
          ? "Protected: it moves only to a version that a release approved, or back to the one that it was adopted at."
          : history.everProtected
            ? "Protected no more. Programs get an unapproved version under it only when they ask for that by name."
            : "Not protected: it moves to any version."}
      </p>
      {protection.length > 0 && (
        <ol className="max-w-4xl border-b border-line">
          {protection.map((step) => (
            <li key={step.id} className="flex flex-col gap-1 border-t border-line py-3 [overflow-wrap:anywhere]">
              <p>
                <Told step={step} />
              </p>
              <Untrusted compact text={step.reason} />
            </li>
          ))}
        </ol>
      )}
      {administers && waiting && (
        <Waiting id={waiting.id} asker={waiting.askedBy} own={waiting.askedById === userId} label={name} />
      )}
      {administers && !waiting && (
        <details className="max-w-2xl">
          <summary className="min-h-8 w-fit cursor-pointer leading-8 text-accent hover:underline">
            {isProtected ? "Take the protection away" : "Protect this label"}
          </summary>
          <div className="flex flex-col gap-3 pt-2">
            <p className="text-sm text-muted">
              {isProtected
                ? "Takes two administrators: you ask, another confirms within a week. Everybody in the project is told."
                : "What it points to is adopted as it is, unless a release approved it. From then on only approved versions."}
            </p>
            <ProtectionForm
              act={isProtected ? "ask" : "protect"}
              fields={{ prompt, label: name }}
              submit={isProtected ? `Ask that ${name} be protected no more` : `Protect ${name}`}
            >
              <Field label="Reason">
                <Textarea name="reason" rows={2} required maxLength={4000} />
              </Field>
            </ProtectionForm>
          </div>
        </details>
      )}
    </section>
  );
}

function Told({ step }: { step: ProtectionStep }) {
  const { protects, askedBy, askedAt, outcome, endedBy, endedAt } = step;
  return (
    <>
      {protects ? "Protected by " : "Protection to be taken away: asked by "}
      <UntrustedText text={askedBy} />, <RelativeTime date={askedAt} />
      {!protects && outcome === null && <strong className="font-semibold text-unsure">; waits for another</strong>}
      {!protects && outcome === "expired" && "; nobody confirmed it in time"}
      {!protects && endedBy !== null && endedAt !== null && (
        <>
          ; {outcome === "done" ? <strong className="font-semibold text-worse">confirmed by </strong> : "withdrawn: "}
          <UntrustedText text={endedBy} />, <RelativeTime date={endedAt} />
        </>
      )}
    </>
  );
}

function Waiting({ id, asker, own, label }: { id: number; asker: string; own: boolean; label: string }) {
  return (
    <Notice tone="warning" title={`${label} is asked to be protected no more`} className="max-w-2xl">
      <p>
        {own ? (
          "You asked for it: another administrator must confirm."
        ) : (
          <>
            Asked by <UntrustedText text={asker} />. If you confirm, anybody who may move labels can point it to any
            version.
          </>
        )}
      </p>
      <div className="mt-2 flex flex-wrap gap-3">
        {!own && <ProtectionForm act="end" fields={{ id: String(id), outcome: "done" }} submit="Confirm" danger />}
        <ProtectionForm act="end" fields={{ id: String(id), outcome: "withdrawn" }} submit="Keep it protected" />
      </div>
    </Notice>
  );
}
