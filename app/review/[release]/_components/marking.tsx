import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Textarea } from "@/components/ui/textarea";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Comment } from "@/lib/review/schema";
import type { Side } from "./draft";
import { find, paint, quoteOf, rangeOf, type Stretch, selectedIn, wordsOf } from "./words";

/** Words being chosen by the keyboard: from the anchor to where the cursor is, both within `words`. */
type Choosing = { side: Side; words: Stretch[]; anchor: number; at: number };
export type Quote = Pick<Comment, "side" | "quote" | "prefix">;
export type Marking = { choosing: Choosing | null; quote: Quote | null };

export const unmarked: Marking = { choosing: null, quote: null };
export const answerId = (side: Side) => `answer-text-${side}`;
const answer = (side: Side) => document.getElementById(answerId(side));
const sides = ["A", "B"] as const;

const stretchOf = ({ words, anchor, at }: Choosing): Stretch => ({
  start: words[Math.min(anchor, at)]!.start,
  end: words[Math.max(anchor, at)]!.end,
});

/** What was selected with the mouse, ready to be commented on; else word by word, on the side graded last. */
export function beginMarking(preferred: Side): Marking {
  for (const side of sides) {
    const root = answer(side);
    const stretch = root && selectedIn(root);
    if (stretch) return { choosing: null, quote: { side, ...quoteOf(root, stretch) } };
  }
  return chooseIn(preferred) ?? chooseIn(preferred === "A" ? "B" : "A") ?? unmarked;
}

function chooseIn(side: Side): Marking | null {
  const root = answer(side);
  const words = root ? wordsOf(root) : [];
  if (!root || words.length === 0) return null;
  root.focus({ preventScroll: true });
  return { choosing: { side, words, anchor: 0, at: 0 }, quote: null };
}

/** What a key does while words are chosen; null when it does nothing. */
export function markingKey(choosing: Choosing, event: KeyboardEvent): Marking | null {
  const { side, words, at, anchor } = choosing;
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -10,
    ArrowDown: 10,
    Home: -words.length,
    End: words.length,
  };
  const step = steps[event.key];
  if (step !== undefined) {
    const to = Math.min(words.length - 1, Math.max(0, at + step));
    return { choosing: { ...choosing, at: to, anchor: event.shiftKey ? anchor : to }, quote: null };
  }
  if (event.key === "Escape") return unmarked;
  if (event.key === "Enter") {
    const root = answer(side);
    return root ? { choosing: null, quote: { side, ...quoteOf(root, stretchOf(choosing)) } } : unmarked;
  }
  const letter = event.key.toUpperCase();
  if (letter === "A" || letter === "B") return chooseIn(letter);
  return null;
}

/** Says and shows what is being marked, and keeps the colours of what was commented on. */
export function Marks({ marking, comments }: { marking: Marking; comments: readonly Comment[] }) {
  const { choosing } = marking;
  // What lays an answer out may put new nodes in its place at any time.
  useEffect(() => {
    paint(
      "countersign-comment",
      comments.map((comment) => {
        const root = answer(comment.side);
        const stretch = root && find(root, comment);
        return root && stretch ? rangeOf(root, stretch) : null;
      }),
    );
  });
  useEffect(() => {
    const root = choosing && answer(choosing.side);
    const range = root ? rangeOf(root, stretchOf(choosing)) : null;
    paint("countersign-mark", [range]);
    const box = range?.getBoundingClientRect();
    if (box && (box.top < 80 || box.bottom > window.innerHeight - 80))
      window.scrollBy({ top: box.top - window.innerHeight / 2 });
  }, [choosing]);
  useEffect(
    () => () => {
      paint("countersign-comment", []);
      paint("countersign-mark", []);
    },
    [],
  );
  const root = choosing && typeof document !== "undefined" ? answer(choosing.side) : null;
  return (
    <div role="status" className={choosing ? "rounded-md bg-human-soft px-3 py-2" : "sr-only"}>
      {choosing && root && (
        <>
          Answer {choosing.side}, word {choosing.at + 1} of {choosing.words.length}: “
          <UntrustedText text={shortened(quoteOf(root, stretchOf(choosing)).quote)} />
          ”.{" "}
          <span className="text-muted">
            Arrows move, with Shift they extend, Enter comments, A and B change the answer, Escape leaves.
          </span>
        </>
      )}
    </div>
  );
}

const shortened = (text: string) => (text.length > 160 ? `${text.slice(0, 100)} … ${text.slice(-50)}` : text);

type CommentsProps = {
  side: Side;
  comments: readonly Comment[];
  /** Comments that are stored: they can't be taken back. */
  stored: readonly Comment[];
  quote: Quote | null;
  onComment: (comment: Comment) => void;
  onCancel: () => void;
  onRemove: (comment: Comment) => void;
};

/** Comments on words of one answer, and the field for a new one. */
export function Comments({ side, comments, stored, quote, onComment, onCancel, onRemove }: CommentsProps) {
  const mine = comments.filter((comment) => comment.side === side);
  if (mine.length === 0 && quote?.side !== side) return null;
  return (
    <div className="mt-2 flex flex-col gap-2">
      {mine.length > 0 && (
        <ul aria-label={`Comments on answer ${side}`} className="flex flex-col gap-1 text-sm">
          {mine.map((comment, index) => (
            <li key={index} className="flex items-start gap-2 border-l-2 border-human pl-2">
              <span className="min-w-0 grow [overflow-wrap:anywhere]">
                <q className="text-muted">
                  <UntrustedText text={shortened(comment.quote)} />
                </q>{" "}
                <UntrustedText text={comment.comment} />
              </span>
              {!stored.includes(comment) && (
                <Button size="sm" variant="ghost" onClick={() => onRemove(comment)}>
                  Take back
                  <span className="sr-only">
                    {" "}
                    the comment on “<UntrustedText text={shortened(comment.quote)} />”
                  </span>
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {quote?.side === side && <NewComment key={quote.prefix + quote.quote} {...{ quote, onComment, onCancel }} />}
    </div>
  );
}

type NewProps = { quote: Quote; onComment: (comment: Comment) => void; onCancel: () => void };

function NewComment({ quote, onComment, onCancel }: NewProps) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const save = () => (text.trim() ? onComment({ ...quote, comment: text.trim() }) : onCancel());
  return (
    <div className="flex flex-col gap-2 rounded-md border border-human p-2">
      <Field
        label={
          <span className="[overflow-wrap:anywhere]">
            Comment on “<UntrustedText text={shortened(quote.quote)} />”
          </span>
        }
        hint="Enter keeps it, Shift and Enter makes a new line, Escape drops it."
      >
        <Textarea
          ref={field}
          rows={2}
          value={text}
          maxLength={10_000}
          className="min-h-9 text-sm"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              event.stopPropagation();
              save();
            } else if (event.key === "Escape") onCancel();
          }}
        />
      </Field>
      <div className="flex gap-2">
        <Button size="sm" onClick={save} disabled={!text.trim()}>
          Comment
        </Button>
        <Button size="sm" variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
