import type { ComponentProps } from "react";
import { cn } from "./cn";
import { spelled } from "./invisible";
import { shown } from "./untrusted-text";

/** Scrolls sideways inside its own pane, which shows at its edges where there is more, reachable by keyboard; what is hidden for the eye alone stays in it as well. */
export function Table({ className, label, id, ...rest }: ComponentProps<"table"> & { label?: string }) {
  const name = label && spelled(label);
  return (
    <div className="sideways w-full">
      {/* biome-ignore lint/a11y/useSemanticElements: a group that is no fieldset, and no landmark as a section would be */}
      <div
        id={id}
        role="group"
        aria-label={name ?? "Table"}
        className="relative overflow-x-auto"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling pane must be reachable by keyboard
        tabIndex={0}
      >
        <table aria-label={name} className={cn("w-full border-collapse text-left", className)} {...rest} />
      </div>
    </div>
  );
}

export function TableHead(props: ComponentProps<"thead">) {
  return <thead {...props} />;
}

export function TableBody(props: ComponentProps<"tbody">) {
  return <tbody {...props} />;
}

export function TableRow({ className, ...rest }: ComponentProps<"tr">) {
  return <tr className={cn("border-b border-line", className)} {...rest} />;
}

export function TableHeader({ className, scope = "col", children, ...rest }: ComponentProps<"th">) {
  return (
    <th
      scope={scope}
      className={cn("px-3 py-2 align-bottom text-sm font-medium text-muted first:pl-0", className)}
      {...rest}
    >
      {shown(children)}
    </th>
  );
}

export const cellClass = "px-3 py-2 align-top first:pl-0";

export function TableCell({ className, children, ...rest }: ComponentProps<"td">) {
  return (
    <td className={cn(cellClass, className)} {...rest}>
      {shown(children)}
    </td>
  );
}
