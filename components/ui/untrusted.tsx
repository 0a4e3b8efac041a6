"use client";

import { useState } from "react";
import { Button } from "./button";
import { cn } from "./cn";
import { UntrustedText } from "./untrusted-text";

export { UntrustedText };

const shownAtFirst = 4000;

/** Text written by a machine or a stranger: shown as text, in its own pane, with what can't be seen made visible. */
export function Untrusted({
  text,
  compact = false,
  className,
}: {
  text: string;
  compact?: boolean;
  className?: string;
}) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > shownAtFirst;
  const shown = cut ? text.slice(0, shownAtFirst) : text;
  return (
    <div
      dir="auto"
      className={cn(
        "min-w-0 isolate overflow-hidden whitespace-pre-wrap [overflow-wrap:anywhere]",
        compact ? "text-sm text-muted" : "rounded-md border border-line bg-raised p-3 text-[15px] leading-relaxed",
        className,
      )}
    >
      {text === "" && <span className="text-muted">(empty)</span>}
      <UntrustedText text={shown} />
      {cut && (
        <div className="mt-2">
          <Button size="sm" onClick={() => setWhole(true)}>
            Show all {text.length.toLocaleString("en")} characters
          </Button>
        </div>
      )}
    </div>
  );
}
