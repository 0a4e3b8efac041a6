import { Lock } from "lucide-react";
import { Badge } from "@/components/ui/badge";
import { UntrustedText } from "@/components/ui/untrusted-text";

/** A protected label has a lock: only an approved release moves it. */
export function LabelBadge({ name, isProtected }: { name: string; isProtected: boolean }) {
  return (
    <Badge tone={isProtected ? "accent" : "neutral"}>
      {isProtected && <Lock role="img" aria-label="protected" className="size-3" />}
      <UntrustedText text={name} />
    </Badge>
  );
}
