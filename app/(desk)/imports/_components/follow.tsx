"use client";

import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { Progress } from "@/components/ui/progress";

const words: Record<string, string> = {
  waiting: "Waits for its turn",
  reading: "Reading and checking",
  storing: "Storing",
  sealing: "Taking digests",
};

/** Follows an import under way, and shows the result when it is there. */
export function Follow({ id, phase, progress }: { id: number; phase: string; progress: number }) {
  const router = useRouter();
  const [now, setNow] = useState({ phase, progress });
  useEffect(() => {
    const timer = setInterval(async () => {
      const response = await fetch(`/imports/${id}/status`, { cache: "no-store" }).catch(() => null);
      if (!response?.ok) return;
      const status = (await response.json()) as { state: string; phase: string; progress: number };
      setNow(status);
      if (status.state === "done" || status.state === "failed") {
        clearInterval(timer);
        router.refresh();
      }
    }, 700);
    return () => clearInterval(timer);
  }, [id, router]);
  return (
    <div className="flex max-w-xl flex-col gap-2">
      <p role="status">{words[now.phase] ?? now.phase} …</p>
      <Progress value={now.progress} label="Import" />
      <p className="text-sm text-muted">You can leave this page; the import goes on.</p>
    </div>
  );
}
