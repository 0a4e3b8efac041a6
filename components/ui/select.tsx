import type { ComponentProps } from "react";
import { cn } from "./cn";
import { control } from "./input";

export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(control, "pr-7", className)} {...rest} />;
}
