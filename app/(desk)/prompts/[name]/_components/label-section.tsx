import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { PromptDetail } from "@/lib/prompts/queries";
import { LabelBadge } from "../../_components/label-badge";
import { MoveLabelForm } from "./move-label-form";

type Props = {
  prompt: string;
  labels: PromptDetail["labels"];
  keys: { key: string; labels: string[] }[];
  moves: boolean;
};

/** Who is on what: where each label points, since when and by whom. */
export function LabelSection({ prompt, labels, keys, moves }: Props) {
  return (
    <section aria-labelledby="labels" className="flex flex-col gap-2">
      <h2 id="labels" className="text-lg font-semibold">
        Labels
      </h2>
      {labels.length === 0 && <p className="text-muted">None yet: nothing says which version is in use.</p>}
      <ul className="flex flex-col gap-2">
        {labels.map(({ name, protected: isProtected, version, movedAt, movedBy }) => (
          <li key={name} className="flex flex-wrap items-center gap-x-2 [overflow-wrap:anywhere]">
            <LabelBadge name={name} isProtected={isProtected} />
            <span aria-hidden="true">→</span>
            <span className="font-medium">
              <UntrustedText text={version} />
            </span>
            <span className="basis-full text-sm text-muted">
              <RelativeTime date={movedAt} /> · <UntrustedText text={movedBy} />
            </span>
          </li>
        ))}
      </ul>
      {moves && <MoveLabelForm prompt={prompt} labels={labels.map(({ name }) => name)} keys={keys} />}
    </section>
  );
}
