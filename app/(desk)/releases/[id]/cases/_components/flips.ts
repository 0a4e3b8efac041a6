import type { Flip } from "@/lib/releases/case-filter";

/** How a flip looks: a word and a shape, never colour alone. */
export const flipLook: Record<Flip, { word: string; shape: string; tone: string; fill: string }> = {
  better: { word: "better", shape: "▲", tone: "text-better", fill: "bg-better" },
  worse: { word: "worse", shape: "▼", tone: "text-worse", fill: "bg-worse" },
  same: { word: "same", shape: "=", tone: "text-muted", fill: "bg-line-strong" },
  error: { word: "no verdict", shape: "!", tone: "text-unsure", fill: "bg-unsure" },
};
