import type { ReactNode } from "react";
import { cn } from "./cn";
import { shown } from "./untrusted-text";

const tones = {
  neutral: "bg-sunken text-muted",
  accent: "bg-accent-soft text-accent",
  better: "bg-better-soft text-better",
  worse: "bg-worse-soft text-worse",
  unsure: "bg-unsure-soft text-unsure",
  human: "bg-human-soft text-human",
  machine: "bg-machine-soft text-machine",
};

export type Tone = keyof typeof tones;

export function Badge({
  tone = "neutral",
  className,
  children,
}: {
  tone?: Tone;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-xs font-medium whitespace-nowrap",
        tones[tone],
        className,
      )}
    >
      {shown(children)}
    </span>
  );
}
