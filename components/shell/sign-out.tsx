"use client";

import { LogOut } from "lucide-react";
import { signOut } from "next-auth/react";

/** @param before what has to be done first; false: stay signed in */
export function SignOut({ before }: { before?: () => Promise<boolean> }) {
  return (
    <button
      type="button"
      onClick={async () => {
        if (!before || (await before())) await signOut({ callbackUrl: "/sign-in" });
      }}
      className="flex min-h-8 w-full cursor-pointer items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
    >
      <LogOut aria-hidden="true" className="size-4" />
      Sign out
    </button>
  );
}
