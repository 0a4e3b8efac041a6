import { Badge, type Tone } from "@/components/ui/badge";
import type { ProposalState } from "@/lib/releases/policy-rules";

const looks: Record<ProposalState, { word: string; tone: Tone }> = {
  open: { word: "proposed", tone: "unsure" },
  approved: { word: "approved", tone: "better" },
  rejected: { word: "rejected", tone: "worse" },
  withdrawn: { word: "withdrawn", tone: "neutral" },
  outdated: { word: "outdated", tone: "neutral" },
};

export function ProposalBadge({ state }: { state: ProposalState }) {
  return <Badge tone={looks[state].tone}>{looks[state].word}</Badge>;
}
