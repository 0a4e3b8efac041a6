import { cva, type VariantProps } from "class-variance-authority";
import Link from "next/link";
import type { ComponentProps } from "react";
import { cn } from "./cn";

const look = cva(
  "inline-flex min-h-9 cursor-pointer items-center justify-center gap-2 rounded-md px-3.5 font-medium hover:transition-colors disabled:cursor-not-allowed disabled:opacity-60",
  {
    variants: {
      variant: {
        primary: "bg-accent text-on-accent hover:bg-accent-strong",
        secondary: "border border-line bg-raised text-ink hover:bg-hover",
        ghost: "text-accent hover:bg-hover",
        danger: "border border-worse bg-raised text-worse hover:bg-worse-soft",
      },
      size: { md: "", sm: "min-h-7 px-2.5 text-sm" },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

type Look = VariantProps<typeof look>;

export function Button({ variant, size, className, type = "button", ...rest }: ComponentProps<"button"> & Look) {
  return <button type={type} className={cn(look({ variant, size }), className)} {...rest} />;
}

export function LinkButton({ variant, size, className, ...rest }: ComponentProps<typeof Link> & Look) {
  return <Link className={cn(look({ variant, size }), "no-underline", className)} {...rest} />;
}

/** A link to a file: not the router's business, which would take the file's address for the page's. */
export function DownloadButton({ variant, size, className, ...rest }: ComponentProps<"a"> & Look) {
  return <a download className={cn(look({ variant, size }), "no-underline", className)} {...rest} />;
}
