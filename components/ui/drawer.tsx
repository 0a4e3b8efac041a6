"use client";

import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { KeyboardEvent, ReactNode } from "react";
import { shown } from "./untrusted-text";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** Beside the title: buttons that act on the whole. */
  actions?: ReactNode;
  onKeyDown?: (event: KeyboardEvent<HTMLElement>) => void;
  /** Where the focus goes when it closes. */
  onCloseAutoFocus?: (event: Event) => void;
  children: ReactNode;
};

/** A dialog that stands at the side of the page it belongs to; on a phone it is the whole page. */
export function Drawer({ open, onOpenChange, title, actions, onKeyDown, onCloseAutoFocus, children }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/30" />
        <Radix.Content
          aria-describedby={undefined}
          onKeyDown={onKeyDown}
          onCloseAutoFocus={onCloseAutoFocus}
          className="fixed inset-y-0 right-0 z-50 flex w-[min(64rem,100vw)] flex-col border-l border-line bg-paper shadow-xl outline-none"
        >
          <div className="flex items-center gap-x-4 gap-y-2 border-b border-line px-4 py-3 max-md:flex-wrap md:px-6">
            <Radix.Title className="min-w-0 flex-1 font-mono text-lg font-semibold [overflow-wrap:anywhere]">
              {shown(title)}
            </Radix.Title>
            {/* On a phone, in a line of their own under the title. */}
            <div className="shrink-0 max-md:order-last max-md:w-full">{actions}</div>
            <Radix.Close
              className="inline-flex size-8 shrink-0 cursor-pointer items-center justify-center rounded-md text-muted hover:bg-hover"
              aria-label="Close"
            >
              <X aria-hidden="true" className="size-4" />
            </Radix.Close>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling pane must be reachable by keyboard */}
          <div tabIndex={0} className="min-h-0 grow overflow-y-auto px-4 py-4 -outline-offset-2 md:px-6">
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
