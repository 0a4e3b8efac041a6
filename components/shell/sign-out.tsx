import { LogOut } from "lucide-react";

export function SignOut({ onSignOut }: { onSignOut: () => void }) {
  return (
    <button
      type="button"
      onClick={onSignOut}
      className="flex min-h-8 w-full cursor-pointer items-center gap-2.5 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
    >
      <LogOut aria-hidden="true" className="size-4" />
      Sign out
    </button>
  );
}
