import { plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Redaction } from "@/lib/privacy/queries";

/** As it comes from the server, also by way of JSON. */
export type Removal = Omit<Redaction, "requestedAt" | "decidedAt"> & { decidedAt: Date | string | null };

/** What was removed of a case, when, by whom and why; and what is asked to be. */
export function Removals({ removals }: { removals: readonly Removal[] }) {
  return removals.map((removal) => (
    <Notice key={removal.id} tone={removal.state === "done" ? "warning" : "info"} title={titleOf(removal)}>
      {removal.state === "done" ? (
        <>
          <p>
            Removed on {day(removal.decidedAt)} by <UntrustedText text={removal.requestedBy} /> and{" "}
            <UntrustedText text={removal.decidedBy ?? ""} />: <UntrustedText text={removal.reason} />
          </p>
          <p className="text-sm text-muted">
            {plural(removal.texts, "text")} {removal.texts === 1 ? "is" : "are"} gone. Where each stood is its SHA-256,
            so that the record still verifies.
          </p>
        </>
      ) : (
        <p>
          <UntrustedText text={removal.requestedBy} /> asks for it: <UntrustedText text={removal.reason} /> It waits for
          somebody else&apos;s approval.
        </p>
      )}
    </Notice>
  ));
}

/** For whom the answers wait to be graded blind: a missing answer would tell its version. */
export function withoutVersion(removal: Redaction): Redaction {
  return { ...removal, version: null };
}

function titleOf({ scope, state, version }: Removal): string {
  const what = {
    case: "All content of this case",
    output: version ? `The answer of ${version}` : "One answer",
    words: "What was said of the answers",
    run: version ? `The answer of ${version}` : "One answer",
  }[scope];
  return state === "done" ? `${what} was removed` : `${what} is to be removed`;
}

function day(at: Date | string | null): string {
  return at === null ? "–" : (typeof at === "string" ? at : at.toISOString()).slice(0, 10);
}
