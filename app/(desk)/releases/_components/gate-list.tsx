import { Status } from "@/components/ui/status";
import { UntrustedText } from "@/components/ui/untrusted";

type Gate = { key: string; status: "met" | "not_met" | "not_enough_evidence"; detail: string };

const names: Record<string, string> = {
  must_pass: "Must-pass cases",
  delta: "Not worse than the margin",
  judge: "Judge good enough",
  reviews: "Enough grades",
  slices: "No slice worse than its margin",
  freshness: "Evidence is recent",
  signers: "Signatures",
};

/** Each gate as shape, word and numbers. */
export function GateList({ gates }: { gates: Gate[] }) {
  return (
    <ul className="border-b border-line">
      {gates.map((gate) => (
        <li
          key={gate.key}
          className="grid gap-x-4 border-t border-line py-2 sm:grid-cols-[14rem_13rem_minmax(0,1fr)] sm:items-baseline"
        >
          <span className="font-medium">{names[gate.key] ?? gate.key}</span>
          <Status status={gate.status} />
          <span className="min-w-0 max-w-4xl tabular-nums [overflow-wrap:anywhere]">
            <UntrustedText text={gate.detail} />
          </span>
        </li>
      ))}
    </ul>
  );
}
