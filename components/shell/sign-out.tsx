"use client";

import { LogOut } from "lucide-react";
import { signOut } from "next-auth/react";

export function SignOut() {
  return (
    <button
      type="button"
      onClick={() => signOut({ callbackUrl: "/sign-in" })}
      className="flex min-h-8 w-full cursor-pointer items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
    >
      <LogOut aria-hidden="true" className="size-4" />
      Sign out
    </button>
  );
}
