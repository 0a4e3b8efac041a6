"use client";

import { usePathname } from "next/navigation";
import { useEffect } from "react";

const sections: Record<string, string> = {
  "": "brief",
  changes: "changes",
  cases: "cases",
  review: "review",
  judges: "judges",
  sentinels: "sentinels",
  history: "history",
};

/** Tells the server once the page is before somebody's eyes: not for a page that was only fetched ahead, or lies in another tab. */
function tell(releaseId: number, opening: { section: string; evidenceDigest?: string; case?: number }): () => void {
  const send = () => {
    if (document.visibilityState !== "visible") return;
    stop();
    // What is not recorded counts as not opened: nothing else depends on it.
    void fetch(`/releases/${releaseId}/opened`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(opening),
    }).catch(() => undefined);
  };
  const stop = () => document.removeEventListener("visibilitychange", send);
  document.addEventListener("visibilitychange", send);
  send();
  return stop;
}

/** For somebody who may sign: which tabs of this evidence they opened, which they sign as well. */
export function TabsOpened({ releaseId, evidenceDigest }: { releaseId: number; evidenceDigest: string }) {
  const path = usePathname().slice(`/releases/${releaseId}`.length).replace(/^\//, "");
  const section = sections[path];
  useEffect(() => {
    if (section) return tell(releaseId, { section, evidenceDigest });
  }, [releaseId, evidenceDigest, section]);
  return null;
}

/** A case that is shown by itself. */
export function CaseOpened({ releaseId, caseId }: { releaseId: number; caseId: number }) {
  useEffect(() => tell(releaseId, { section: "cases", case: caseId }), [releaseId, caseId]);
  return null;
}
