import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn";

type Props = Omit<ComponentProps<"input">, "type" | "children"> & { children: ReactNode };

export function Checkbox({ children, className, ...rest }: Props) {
  return (
    <label className={cn("flex min-h-6 cursor-pointer items-baseline gap-2", className)}>
      <input type="checkbox" className="size-4 translate-y-0.5 accent-accent" {...rest} />
      <span>{children}</span>
    </label>
  );
}
