"use client";

import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { type Place, readPlace } from "../../_kept/notes";
import { Grading } from "../../[release]/_components/grading";

/** Opens a release's grading screen from what this browser kept of it. */
export function Reopen() {
  const [place, setPlace] = useState<Place | null | undefined>(undefined);
  useEffect(() => {
    const [, release] = /^\/review\/(\d+)$/.exec(window.location.pathname) ?? [];
    setPlace(release ? readPlace(Number(release)) : null);
  }, []);
  if (place) return <Grading {...place} />;
  return (
    <main id="content" className="mx-auto max-w-2xl px-4 py-12">
      <h1 className="sr-only">Review</h1>
      {place === null ? (
        <EmptyState
          title="There is no connection"
          action={<Button onClick={() => window.location.reload()}>Try again</Button>}
        >
          This browser has kept nothing of this page. It opens once the server can be reached.
        </EmptyState>
      ) : (
        <p className="text-muted">Opening what this browser kept …</p>
      )}
    </main>
  );
}
