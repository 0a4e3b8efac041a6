import { Status } from "@/components/ui/status";
import { UntrustedText } from "@/components/ui/untrusted";
import { waivedInWords } from "@/lib/releases/words";

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

export function gateName(key: string): string {
  return names[key] ?? key;
}

type Waiver = { gate: string; scope?: Readonly<Record<string, string>>; by: string; until: string; reason: string };

/** Each gate as shape, word and numbers; and, loud, who waives it until when. */
export function GateList({ gates, waivers = [] }: { gates: Gate[]; waivers?: readonly Waiver[] }) {
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
            {gate.status !== "met" &&
              waivers
                .filter((waiver) => waiver.gate === gate.key)
                .map((waiver) => <WaiverLine key={`${waiver.by} ${waivedInWords(waiver)}`} waiver={waiver} />)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function WaiverLine({ waiver: { scope, by, until, reason } }: { waiver: Waiver }) {
  const [part] = Object.entries(scope ?? {});
  const ended = Date.parse(until) <= Date.now();
  return (
    <span
      className={`mt-1 block border-l-4 px-3 py-1 ${ended ? "border-worse bg-worse-soft" : "border-unsure bg-unsure-soft"}`}
    >
      <strong className="font-semibold">{ended ? "Waiver ended" : "Waived"}</strong>
      {part && (
        <>
          {" "}
          for {part[0]} <UntrustedText text={part[1]} /> alone
        </>
      )}{" "}
      by <UntrustedText text={by} /> {ended ? "on" : "until"} {until.slice(0, 10)}: <UntrustedText text={reason} />
    </span>
  );
}
