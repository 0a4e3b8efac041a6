import { X } from "lucide-react";
import { useId, useRef, useState } from "react";
import { Input } from "@/components/ui/input";
import { spelled } from "@/components/ui/invisible";
import { UntrustedText } from "@/components/ui/untrusted";

type Props = {
  place: string;
  /** What is tagged, as in "Tag on answer A, Useful". */
  label: string;
  tags: string[] | undefined;
  known: readonly string[];
  onTags: (place: string, tags: string[]) => void;
};

const most = 20;

/** Failure tags of one grade: those given before are offered, a new one is simply typed. Enter adds, Escape drops, backspace takes back. */
export function TagField({ place, label, tags = [], known, onTags }: Props) {
  const [text, setText] = useState("");
  const list = useId();
  const dropped = useRef(false);
  const add = () => {
    const tag = dropped.current ? "" : text.trim();
    dropped.current = false;
    setText("");
    if (tag && !tags.includes(tag) && tags.length < most) onTags(place, [...tags, tag]);
  };
  const isNew = text.trim() !== "" && known.length > 0 && !known.includes(text.trim());
  return (
    <div className="flex min-w-32 grow basis-32 flex-wrap items-center gap-1">
      {tags.map((tag) => (
        <span key={tag} className="inline-flex items-center gap-1 rounded-md bg-worse-soft pl-2 text-sm text-worse">
          <UntrustedText text={tag} />
          <button
            type="button"
            aria-label={spelled(`Remove tag ${tag}`)}
            onClick={() =>
              onTags(
                place,
                tags.filter((other) => other !== tag),
              )
            }
            className="inline-flex size-[24px] cursor-pointer items-center justify-center rounded-md hover:bg-hover"
          >
            <X aria-hidden="true" className="size-3.5" />
          </button>
        </span>
      ))}
      <div className="min-w-28 grow basis-28">
        <Input
          id={`tag ${place}`}
          aria-label={spelled(`Tag on ${label}`)}
          placeholder="Tag (T)"
          list={list}
          value={text}
          maxLength={100}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          onBlur={add}
          onKeyDown={(event) => {
            // The screen leaves the field then: what was begun is no tag.
            if (event.key === "Escape") dropped.current = true;
            else if (event.key === "Enter") {
              event.preventDefault();
              if (text.trim()) add();
              else event.currentTarget.blur();
            } else if (event.key === "Backspace" && text === "" && tags.length > 0) {
              onTags(place, tags.slice(0, -1));
            }
          }}
          aria-describedby={isNew ? `${list} new` : undefined}
          className="min-h-8 text-sm"
        />
        {isNew && (
          <span id={`${list} new`} className="text-sm text-muted">
            a new tag: none of this name was given yet
          </span>
        )}
      </div>
      <datalist id={list}>
        {known
          .filter((tag) => !tags.includes(tag))
          .map((tag) => (
            <option key={tag} value={tag} />
          ))}
      </datalist>
    </div>
  );
}
