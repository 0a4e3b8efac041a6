import type { ComponentProps } from "react";
import { cn } from "./cn";

export const control =
  "min-h-9 w-full rounded-md border border-line-strong bg-raised px-2.5 text-ink placeholder:text-muted disabled:opacity-60 aria-invalid:border-worse";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(control, className)} {...rest} />;
}
