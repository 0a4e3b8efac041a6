"use client";

import { Children, cloneElement, type ReactElement, type ReactNode, useId } from "react";
import { shown } from "./untrusted-text";

type Control = ReactElement<{ id?: string; "aria-describedby"?: string; "aria-invalid"?: boolean }>;

/** One labelled control, with a hint and what is wrong tied to it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
  children: Control;
}) {
  const id = useId();
  const note = hint || error ? `${id}-note` : undefined;
  // From a long page of the server the control comes as a reference to what follows, which this resolves.
  const [control] = Children.toArray(children) as Control[];
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {shown(label)}
      </label>
      {cloneElement(control!, { id, "aria-describedby": note, "aria-invalid": error ? true : undefined })}
      {note && (
        <p id={note} className={error ? "text-sm text-worse" : "text-sm text-muted"}>
          {shown(error ?? hint)}
        </p>
      )}
    </div>
  );
}
