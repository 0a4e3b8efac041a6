import { Bot, User } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./cn";

const shapes: Record<string, { shape: string; tone: string }> = {
  pass: { shape: "✓", tone: "text-better" },
  fail: { shape: "✕", tone: "text-worse" },
  unsure: { shape: "?", tone: "text-unsure" },
  error: { shape: "!", tone: "text-unsure" },
  "prefers candidate": { shape: "▲", tone: "text-better" },
  "prefers baseline": { shape: "▼", tone: "text-worse" },
  "prefers A": { shape: "◀", tone: "" },
  "prefers B": { shape: "▶", tone: "" },
  tie: { shape: "=", tone: "" },
  "position flip": { shape: "⇄", tone: "text-unsure" },
};

/** A preference as `Verdict` shows it: `candidate` is “prefers candidate”, `flip` is “position flip”. */
export function preferenceWords(prefer: string): string {
  if (prefer === "flip") return "position flip";
  return ["A", "B", "baseline", "candidate"].includes(prefer) ? `prefers ${prefer}` : prefer;
}

type Props = {
  value: string | null;
  by?: "human" | "machine";
  className?: string;
};

/** pass, fail, unsure or error, or a preference in words; and whether a person (violet) or a machine (slate) said it. */
export function Verdict(props: Props) {
  return verdict(props);
}

/** As `Verdict`, for a table of hundreds of cells: without a component, which React would walk at every click. */
export function verdict({ value, by, className }: Props): ReactNode {
  if (value === null) return <span className={cn("text-muted", className)}>none</span>;
  const look = shapes[value] ?? { shape: "·", tone: "text-muted" };
  return (
    <span className={cn("inline-flex items-center gap-1 whitespace-nowrap font-medium", className)}>
      {by === "human" && <User aria-label="a person says" role="img" className="size-3.5 text-human" />}
      {by === "machine" && <Bot aria-label="the judge says" role="img" className="size-3.5 text-machine" />}
      <span className={look.tone}>
        <span aria-hidden="true">{look.shape}</span> {value}
      </span>
    </span>
  );
}
