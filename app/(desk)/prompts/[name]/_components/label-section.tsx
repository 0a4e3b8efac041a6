import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { PromptDetail } from "@/lib/prompts/queries";
import { LabelBadge } from "../../_components/label-badge";
import { Standing } from "../../_components/standing";
import { labelHref } from "../../_links";
import { MoveLabelForm } from "./move-label-form";

type Props = {
  prompt: string;
  labels: PromptDetail["labels"];
  keys: { key: string; labels: string[] }[];
  moves: boolean;
};

/** Who is on what: where each label points, what speaks for it, since when and by whom. */
export function LabelSection({ prompt, labels, keys, moves }: Props) {
  return (
    <section aria-labelledby="labels" className="flex flex-col gap-2">
      <h2 id="labels" className="text-lg font-semibold">
        Labels
      </h2>
      {labels.length === 0 && <p className="text-muted">None yet: nothing says which version is in use.</p>}
      <ul className="flex flex-col gap-3">
        {labels.map((label) => (
          <li key={label.name} className="flex flex-col gap-0.5 [overflow-wrap:anywhere]">
            <p className="flex flex-wrap items-center gap-x-2">
              <LabelBadge name={label.name} isProtected={label.protected} isBroken={label.standing === "break_glass"} />
              <span aria-hidden="true">→</span>
              <span className="font-medium">
                <UntrustedText text={label.version} />
              </span>
              {(label.protected || label.standing !== "unapproved") && <Standing {...label} />}
              {!label.protected && label.everProtected && <Badge tone="worse">protected no more</Badge>}
            </p>
            <p className="text-sm text-muted">
              <RelativeTime date={label.movedAt} /> · <UntrustedText text={label.movedBy} /> ·{" "}
              <Link
                href={labelHref(prompt, label.name)}
                className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
              >
                History
                <span className="sr-only">
                  {" "}
                  of <UntrustedText text={label.name} />
                </span>
              </Link>
            </p>
          </li>
        ))}
      </ul>
      {moves && <MoveLabelForm prompt={prompt} labels={labels} keys={keys} />}
    </section>
  );
}
