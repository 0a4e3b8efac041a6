"use client";

import { useState } from "react";
import { useHotkeys } from "react-hotkeys-hook";
import { Checkbox } from "@/components/ui/checkbox";
import { Kbd } from "@/components/ui/kbd";
import type { CaseDetail } from "@/lib/releases/cases";
import { CaseBody } from "../../_components/case-body";

/** A case on a page of its own, laid out or as it came, with or without what differs. */
export function CaseRead({ releaseId, detail }: { releaseId: number; detail: CaseDetail }) {
  const [raw, setRaw] = useState(false);
  const [diff, setDiff] = useState(false);
  useHotkeys("r", () => setRaw((before) => !before));
  useHotkeys("d", () => setDiff((before) => !before));
  return (
    <>
      <div className="no-print flex flex-wrap gap-x-5 text-sm">
        <Checkbox checked={raw} onChange={(event) => setRaw(event.target.checked)}>
          Raw <Kbd>r</Kbd>
        </Checkbox>
        <Checkbox checked={diff} disabled={detail.hidden} onChange={(event) => setDiff(event.target.checked)}>
          Differences <Kbd>d</Kbd>
        </Checkbox>
      </div>
      <CaseBody releaseId={releaseId} detail={detail} raw={raw} diff={diff} />
    </>
  );
}
