import { Lock } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { UntrustedText } from "@/components/ui/untrusted-text";

type Props = {
  name: string;
  isProtected: boolean;
  /** It points where it does because somebody broke the glass, and nobody has approved that since. */
  isBroken?: boolean;
};

/** A protected label has a lock: only an approved release moves it. One that was moved without is red, and says so. */
export function LabelBadge({ name, isProtected, isBroken = false }: Props) {
  return (
    <Badge tone={isBroken ? "worse" : isProtected ? "accent" : "neutral"}>
      {isProtected && <Lock role="img" aria-label="protected" className="size-3" />}
      <UntrustedText text={name} />
      {isBroken && (
        <span>
          <span aria-hidden="true">✕ </span>break-glass
        </span>
      )}
    </Badge>
  );
}
