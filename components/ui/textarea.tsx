import type { ComponentProps } from "react";
import { cn } from "./cn";
import { control } from "./input";

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(control, "min-h-20 py-1.5", className)} {...rest} />;
}
