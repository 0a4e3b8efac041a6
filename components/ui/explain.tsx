"use client";

import { Info, X } from "lucide-react";
import { Popover } from "radix-ui";
import { type ReactNode, useId } from "react";
import { spelled } from "./invisible";
import { shown, UntrustedText } from "./untrusted-text";

/** What stands behind a figure, so that somebody else could work it out again. */
export type Explanation = {
  /** The figure's name, as the screen has it. */
  title: string;
  what: string;
  /** Plain text; line breaks stay. */
  formula: string;
  /** The counts that go in, one a line. */
  data: string[];
  /** How many of what it rests on. */
  n: string;
  assumptions: string[];
  /** The paper or book it comes from. */
  reference: string;
  link?: string;
};

/** One click from a figure to what it is. Stands right behind the figure. */
export function Explain({ title, what, formula, data, n, assumptions, reference, link }: Explanation) {
  const heading = useId();
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={spelled(`What is this: ${title}`)}
        className="no-print inline-flex min-h-6 min-w-6 cursor-pointer items-center justify-center rounded-md align-middle text-muted hover:bg-hover hover:text-accent data-[state=open]:bg-accent-soft data-[state=open]:text-accent"
      >
        <Info aria-hidden="true" className="size-3.5" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          aria-labelledby={heading}
          sideOffset={4}
          collisionPadding={8}
          className="z-50 flex max-h-(--radix-popover-content-available-height) w-[min(26rem,calc(100vw-1rem))] flex-col gap-3 overflow-y-auto rounded-md border border-line bg-raised p-4 text-left text-base font-normal break-words whitespace-normal text-ink shadow-xl"
        >
          <div className="flex items-start justify-between gap-4">
            <h2 id={heading} className="font-semibold">
              <UntrustedText text={title} />
            </h2>
            <Popover.Close
              className="-mt-1 -mr-1 inline-flex size-7 shrink-0 cursor-pointer items-center justify-center rounded-md text-muted hover:bg-hover"
              aria-label="Close"
            >
              <X aria-hidden="true" className="size-4" />
            </Popover.Close>
          </div>
          <p>
            <UntrustedText text={what} />
          </p>
          <dl className="flex flex-col gap-3">
            <Part name="Formula">
              <code className="block rounded-md bg-sunken p-2 font-mono text-sm whitespace-pre-wrap">
                {shown(formula)}
              </code>
            </Part>
            <Part name="Data">
              <ul className="tabular-nums">
                {data.map((line) => (
                  <li key={line}>
                    <UntrustedText text={line} />
                  </li>
                ))}
              </ul>
            </Part>
            <Part name="Rests on">{shown(n)}</Part>
            <Part name="Assumes">
              <ul className="list-disc pl-4">
                {assumptions.map((line) => (
                  <li key={line}>
                    <UntrustedText text={line} />
                  </li>
                ))}
              </ul>
            </Part>
            <Part name="From">
              {link ? (
                <a href={link} target="_blank" rel="noreferrer" className="text-accent underline">
                  {reference}
                </a>
              ) : (
                reference
              )}
            </Part>
          </dl>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
