"use client";

import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, type RefObject, useRef } from "react";
import { shown } from "./untrusted-text";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  /** Where the focus goes at first; otherwise to the first that takes it. */
  initialFocus?: RefObject<HTMLElement | null>;
  children: ReactNode;
};

export function Dialog({ open, onOpenChange, title, description, initialFocus, children }: Props) {
  /**
   * What had the focus before, to have it again: a dialog may be opened by a key, without a button of its own. Who clicked goes
   * on with the keys of the screen, which a button would take for its own.
   */
  const before = useRef<HTMLElement | null>(null);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={(event) => {
            const at = document.activeElement;
            before.current = at instanceof HTMLElement && at.matches(":focus-visible") ? at : null;
            if (!initialFocus?.current) return;
            event.preventDefault();
            initialFocus.current.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (before.current?.isConnected) before.current.focus();
          }}
          className="fixed top-1/2 left-1/2 z-50 flex max-h-[85dvh] w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 flex-col gap-4 overflow-y-auto rounded-md border border-line bg-raised p-5 shadow-xl"
        >
          <div className="flex items-start justify-between gap-4">
            <div>
              <Radix.Title className="text-lg font-semibold">{shown(title)}</Radix.Title>
              {description && <Radix.Description className="text-muted">{shown(description)}</Radix.Description>}
            </div>
            <Radix.Close
              className="inline-flex size-7 cursor-pointer items-center justify-center rounded-md text-muted hover:bg-hover"
              aria-label="Close"
            >
              <X aria-hidden="true" className="size-4" />
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
