import type { ReactNode } from "react";
import { Digest } from "@/components/ui/digest";
import { formatCount } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted";
import type { DecisionRecord } from "@/lib/audit/decisions";

type State = "holds" | "waits" | "broken";
const looks = {
  holds: { shape: "✓", tone: "text-better", word: "holds: " },
  waits: { shape: "◐", tone: "text-unsure", word: "not yet: " },
  broken: { shape: "✕", tone: "text-worse", word: "broken: " },
} as const;

/** What was recomputed when this page was opened. */
export function Integrity({ decision }: { decision: DecisionRecord }) {
  const { evidence, evidenceDigest, inclusion, entry, signOffs } = decision;
  const intact = evidence.recomputed === evidenceDigest && evidence.canonical;
  const unlogged = signOffs.filter(({ auditIndex }) => auditIndex === null);
  return (
    <ul className="flex max-w-4xl flex-col gap-2">
      <Check state={intact ? "holds" : "broken"}>
        {intact
          ? "The evidence has the digest that was signed: "
          : "The evidence is not what was signed. Its digest is "}
        <Digest value={evidence.recomputed} />
        {!intact && (
          <>
            , signed was <Digest value={evidenceDigest} />
          </>
        )}
      </Check>
      <Check state={unlogged.length === 0 ? "holds" : "broken"}>
        {unlogged.length === 0
          ? "Every signature is as the audit log recorded it."
          : `${unlogged.length} of ${signOffs.length} signatures are not as the audit log recorded them.`}
      </Check>
      {inclusion.state === "proved" && (
        <Check state="holds">
          The deciding event is entry {entry?.index} of the audit log, under the signed checkpoint over{" "}
          {formatCount(inclusion.size)} entries, shown by {inclusion.steps} hashes.
        </Check>
      )}
      {inclusion.state === "waiting" && (
        <Check state="waits">No signed checkpoint covers the deciding event yet; one follows within seconds.</Check>
      )}
      {inclusion.state === "broken" && (
        <Check state="broken">
          The audit log does not prove this decision: <UntrustedText text={inclusion.what} />
        </Check>
      )}
    </ul>
  );
}

function Check({ state, children }: { state: State; children: ReactNode }) {
  const { shape, tone, word } = looks[state];
  return (
    <li className="flex gap-2">
      <span className={tone}>
        <span aria-hidden="true">{shape}</span>
        <span className="sr-only">{word}</span>
      </span>
      <span className="min-w-0">{children}</span>
    </li>
  );
}
