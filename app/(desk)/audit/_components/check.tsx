import type { ReactNode } from "react";

/** One thing that was looked at, and whether it holds. In a list. */
export function Check({ ok, children }: { ok: boolean; children: ReactNode }) {
  return (
    <li className="flex gap-2">
      <span className={ok ? "text-better" : "text-worse"}>
        <span aria-hidden="true">{ok ? "✓" : "✕"}</span>
        <span className="sr-only">{ok ? "holds: " : "broken: "}</span>
      </span>
      <span className="min-w-0">{children}</span>
    </li>
  );
}
