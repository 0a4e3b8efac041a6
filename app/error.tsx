"use client";

import { Button } from "@/components/ui/button";

/** What no nearer page could handle: the sign-in pages, and the shell itself when the database is away. */
export default function RootError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main id="content" className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-3 px-4">
      <h1 className="text-2xl font-semibold tracking-tight">This page could not be shown</h1>
      <p className="text-muted">
        Nothing was changed. The server, or its database, may be away for a moment.
        {error.digest && <> The server's log has the cause under {error.digest}.</>}
      </p>
      <p>
        <Button variant="primary" onClick={reset}>
          Try again
        </Button>
      </p>
    </main>
  );
}
