import type { ReactNode } from "react";
import { cn } from "./cn";
import { shown } from "./untrusted-text";

const tones = {
  info: "border-accent bg-accent-soft",
  success: "border-better bg-better-soft",
  warning: "border-unsure bg-unsure-soft",
  danger: "border-worse bg-worse-soft",
};

export function Notice({
  tone = "info",
  title,
  className,
  children,
}: {
  tone?: keyof typeof tones;
  title?: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={cn("rounded-md border-l-4 px-3 py-2 text-ink", tones[tone], className)}
    >
      {title && <p className="font-semibold">{shown(title)}</p>}
      <div className="min-w-0 break-words">{shown(children)}</div>
    </div>
  );
}
