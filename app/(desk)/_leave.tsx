"use client";

import { signOut } from "next-auth/react";
import { type ReactNode, useRef, useState } from "react";
import { deliverAll } from "@/app/review/_kept/desk";
import { forgetKept } from "@/app/review/_kept/forget";
import { countUndelivered, discardOutbox } from "@/app/review/_kept/outbox";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { plural } from "@/components/ui/format";

/** Signing out takes cases, drafts and the kept page out of this browser; grades that are not delivered are asked about. */
export function useLeave(userId: number): { leave: () => Promise<void>; question: ReactNode } {
  const [left, setLeft] = useState(0);
  const busy = useRef(false);
  const leave = async () => {
    if (busy.current) return;
    busy.current = true;
    await deliverAll(userId).catch(() => undefined);
    busy.current = false;
    const undelivered = countUndelivered(userId);
    setLeft(undelivered);
    if (undelivered > 0) return;
    await forgetKept();
    await signOut({ callbackUrl: "/sign-in" });
  };
  const question = (
    <Dialog
      open={left > 0}
      onOpenChange={() => setLeft(0)}
      title={`${plural(left, "grade or reason", "grades or reasons")} not delivered`}
      description="They are in this browser alone: the server could not be reached, or did not take them. The grading screen lists them with the reason."
    >
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" onClick={() => setLeft(0)}>
          Stay signed in
        </Button>
        <Button
          variant="danger"
          onClick={async () => {
            discardOutbox(userId);
            await forgetKept();
            await signOut({ callbackUrl: "/sign-in" });
          }}
        >
          Sign out and discard them
        </Button>
      </div>
    </Dialog>
  );
  return { leave, question };
}
