import type { ComponentProps } from "react";
import { cn } from "./cn";

export function Kbd({ className, ...rest }: ComponentProps<"kbd">) {
  return (
    <kbd
      className={cn(
        "inline-flex min-w-5 items-center justify-center rounded border border-line bg-sunken px-1 font-mono text-xs text-muted",
        className,
      )}
      {...rest}
    />
  );
}
