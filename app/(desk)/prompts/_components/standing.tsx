import Link from "next/link";
import { Badge, type Tone } from "@/components/ui/badge";
import type { Standing as StandingName } from "@/lib/prompts/queries";

const looks: Record<StandingName, { tone: Tone; text: string }> = {
  approved: { tone: "better", text: "✓ approved" },
  adopted: { tone: "unsure", text: "◐ adopted, not approved" },
  break_glass: { tone: "worse", text: "✕ break-glass, not approved" },
  unapproved: { tone: "neutral", text: "not approved" },
};

type Props = { standing: StandingName; release: number | null; decision: number | null; waivedUntil: Date | null };

/** What speaks for the version under a label, with the way to the decision. */
export function Standing({ standing, release, decision, waivedUntil }: Props) {
  const { tone, text } = looks[standing];
  const href = decision === null ? release !== null && `/releases/${release}` : `/audit/decisions/${decision}`;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <Badge tone={tone}>{text}</Badge>
      {standing === "approved" && waivedUntil && <WaiverEnd at={waivedUntil} />}
      {href && (
        <Link href={href} className="inline-flex min-h-6 items-center text-sm text-accent underline underline-offset-2">
          {decision === null ? `release ${release}` : `decision on release ${release}`}
        </Link>
      )}
    </span>
  );
}

/** An approval that needed a waiver ends with it. */
function WaiverEnd({ at }: { at: Date }) {
  const day = at.toISOString().slice(0, 10);
  const ended = at.getTime() <= Date.now();
  return (
    <Badge tone={ended ? "worse" : "unsure"}>{ended ? `✕ its waiver ended ${day}` : `◐ waived until ${day}`}</Badge>
  );
}
