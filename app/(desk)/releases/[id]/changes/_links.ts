import { type DiffPart, diffParts } from "@/components/diff/content-diff";
import type { DiffView } from "@/components/diff/text-diff";
import { type Flip, flips } from "@/lib/releases/case-filter";

/** What the address of the Changes tab says. */
export type Asked = {
  /** A hunk's id; `none`: no hunk was the reason; `open`: nobody has named a reason. */
  hunk?: string;
  /** By the judge; with a hunk, `better` is what it helped and `worse` what it hurt. */
  flip?: Flip;
  /** Only what people graded. */
  graded?: "yes";
  case?: string;
  view: DiffView;
  part?: DiffPart;
  /** Answers laid out by kind instead of compared word by word. */
  answers?: "apart";
};

type Given = Record<string, string | string[] | undefined>;

export function readAsked(given: Given): Asked {
  const text = (name: string) => {
    const value = given[name];
    return (Array.isArray(value) ? value[0] : value)?.slice(0, 200) || undefined;
  };
  const view = text("view");
  return {
    hunk: text("hunk"),
    flip: flips.find((name) => name === text("flip")),
    graded: text("graded") === "yes" ? "yes" : undefined,
    case: text("case"),
    view: view === "lines" || view === "side" ? view : "words",
    part: diffParts.find((name) => name === text("part")),
    answers: text("answers") === "apart" ? "apart" : undefined,
  };
}

/** What is asked, as the query of an address; empty: nothing. `readAsked` reads it back. */
export function changesQuery({ view, ...rest }: Asked): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...rest, view: view === "words" ? undefined : view }))
    if (value !== undefined) query.set(name, value);
  return query.toString();
}

/** The same page with something else asked; undefined takes it away. */
export function changesHref(releaseId: number, asked: Asked, change: Partial<Asked>): string {
  const text = changesQuery({ ...asked, ...change });
  return `/releases/${releaseId}/changes${text ? `?${text}` : ""}`;
}
