import { Badge, type Tone } from "@/components/ui/badge";
import type { ReleaseState } from "@/lib/releases/queries";

const looks: Record<ReleaseState, { tone: Tone; word: string }> = {
  draft: { tone: "neutral", word: "draft" },
  grading: { tone: "accent", word: "grading" },
  ready: { tone: "unsure", word: "ready to sign" },
  approved: { tone: "better", word: "✓ approved" },
  refused: { tone: "worse", word: "✕ refused" },
  withdrawn: { tone: "neutral", word: "withdrawn" },
};

export function StateBadge({ state }: { state: ReleaseState }) {
  return <Badge tone={looks[state].tone}>{looks[state].word}</Badge>;
}
