import { cn } from "./cn";

export type GateStatus = "met" | "not_met" | "not_enough_evidence";

// No hollow circle: our font fills it, and colour alone would tell what is met.
const looks: Record<GateStatus, { shape: string; word: string; tone: string }> = {
  met: { shape: "●", word: "met", tone: "text-better" },
  not_met: { shape: "✕", word: "not met", tone: "text-worse" },
  not_enough_evidence: { shape: "◐", word: "not enough evidence", tone: "text-unsure" },
};

/** A gate's answer as shape, word and colour, so that none is needed alone. */
export function Status({ status, className }: { status: GateStatus; className?: string }) {
  const { shape, word, tone } = looks[status];
  return (
    <span className={cn("inline-flex items-center gap-1.5 font-medium whitespace-nowrap", tone, className)}>
      <span aria-hidden="true">{shape}</span>
      {word}
    </span>
  );
}
