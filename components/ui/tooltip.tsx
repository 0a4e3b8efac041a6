"use client";

import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { shown } from "./untrusted-text";

/** A short explanation on hover and focus. `children` is one control that also makes sense without it. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Radix.Provider delayDuration={300}>
      <Radix.Root>
        <Radix.Trigger asChild>{children}</Radix.Trigger>
        <Radix.Portal>
          <Radix.Content
            sideOffset={4}
            collisionPadding={8}
            className="z-50 max-w-72 rounded-md bg-ink px-2 py-1 text-sm text-paper shadow-xl"
          >
            {shown(text)}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  );
}
