import Link from "next/link";
import { Badge, type Tone } from "@/components/ui/badge";
import { Digest } from "@/components/ui/digest";
import { RelativeTime } from "@/components/ui/relative-time";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { LabelStep } from "@/lib/prompts/label-history";
import { compareHref, versionHref } from "../../../../_links";

const kinds: Record<LabelStep["kind"], { text: string; tone: Tone }> = {
  adopted: { text: "Adopted as it was found", tone: "unsure" },
  released: { text: "Moved by an approved release", tone: "better" },
  moved: { text: "Moved by a person", tone: "neutral" },
  rolled_back: { text: "Rolled back", tone: "accent" },
  break_glass: { text: "Break-glass: let out, not approved", tone: "worse" },
};

const link = "inline-flex min-h-6 items-center text-accent underline underline-offset-2";

/** Every move of a label, newest first: from where to where, who, when, why, and through which release. */
export function LabelSteps({ prompt, steps }: { prompt: string; steps: LabelStep[] }) {
  return (
    <ol className="max-w-4xl border-b border-line">
      {steps.map((step) => (
        <li key={step.id} className="flex flex-col gap-1 border-t border-line py-3 [overflow-wrap:anywhere]">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Badge tone={kinds[step.kind].tone}>{kinds[step.kind].text}</Badge>
            {!step.protected && <Badge>not protected then</Badge>}
            <Way prompt={prompt} step={step} />
            <Digest value={step.toDigest} length={8} />
          </div>
          <p className="flex flex-wrap items-center gap-x-2 text-sm text-muted">
            <span>
              <UntrustedText text={step.by} />, <RelativeTime date={step.at} />
            </span>
            {step.decision !== null ? (
              <Link href={`/audit/decisions/${step.decision}`} className={link}>
                decision on release {step.release}
              </Link>
            ) : (
              step.release !== null && (
                <Link href={`/releases/${step.release}`} className={link}>
                  release {step.release}
                </Link>
              )
            )}
          </p>
          {step.reason && <Untrusted compact text={step.reason} />}
        </li>
      ))}
    </ol>
  );
}

function Way({ prompt, step: { from, to } }: { prompt: string; step: LabelStep }) {
  const target = (
    <Link href={versionHref(prompt, to)} className={link}>
      <UntrustedText text={to} />
    </Link>
  );
  if (from === null || from === to) return target;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <Link href={versionHref(prompt, from)} className={link}>
        <UntrustedText text={from} />
      </Link>
      <span aria-hidden="true">→</span>
      <span className="sr-only">to</span>
      {target}
      <Link href={compareHref(prompt, from, to)} className={`${link} text-sm`}>
        what changed
      </Link>
    </span>
  );
}
