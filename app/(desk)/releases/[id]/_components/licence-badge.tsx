import { Badge, type Tone } from "@/components/ui/badge";

const looks: Record<"trusted" | "untrusted" | "not_enough_evidence", { tone: Tone; text: string }> = {
  trusted: { tone: "better", text: "● trusted" },
  untrusted: { tone: "worse", text: "✕ untrusted" },
  not_enough_evidence: { tone: "unsure", text: "◐ not enough evidence" },
};

export function LicenceBadge({ licence }: { licence: keyof typeof looks }) {
  return <Badge tone={looks[licence].tone}>{looks[licence].text}</Badge>;
}
