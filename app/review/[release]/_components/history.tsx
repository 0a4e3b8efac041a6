import { useEffect, useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { plural } from "@/components/ui/format";
import { spelled } from "@/components/ui/invisible";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import { preferenceWords } from "@/components/ui/verdict";
import type { History as Given, Sent } from "../../_kept/server";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  load: () => Promise<Sent<Given>>;
  onLook: (task: string) => void;
};

/** What this person graded in the release, to look at again or to change, and how often the reveal changed their mind. */
export function History({ open, onOpenChange, load, onLook }: Props) {
  const [given, setGiven] = useState<Given | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (!open) return;
    let current = true;
    void load().then((answer) => {
      if (!current) return;
      setGiven(answer.ok ? answer.value : null);
      setProblem(
        answer.ok ? null : (answer.refusal?.message ?? "The server can't be reached. What it has is listed there."),
      );
    });
    return () => {
      current = false;
    };
  }, [open, load]);
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="What you graded">
      {problem && (
        <p className="text-worse">
          <UntrustedText text={problem} />
        </p>
      )}
      {given && given.rows.length === 0 && <p className="text-muted">Nothing is stored yet.</p>}
      {given && given.rows.length > 0 && (
        <>
          <p className="text-muted">
            {given.flips.differed === 0
              ? "Your blind grades say what the judge says wherever both say something."
              : `The judge said otherwise on ${plural(given.flips.differed, "grade")}; you changed ${given.flips.flipped} of them to what it said.`}
            {given.flips.away > 0 && ` ${plural(given.flips.away, "grade")} that agreed now differs.`}
          </p>
          <ul aria-label="What you graded" className="flex flex-col divide-y divide-line">
            {given.rows.map(({ task, case: key, at, grades }) => (
              <li key={task} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
                <div className="min-w-0 grow basis-60">
                  <p className="flex flex-wrap items-baseline gap-x-3">
                    <span className="min-w-0 font-medium break-all">
                      <UntrustedText text={key} />
                    </span>
                    <span className="text-sm text-muted">
                      <RelativeTime date={at} />
                    </span>
                    {grades.some(({ overrides }) => overrides) && <Badge tone="human">override</Badge>}
                  </p>
                  <ul className="text-sm text-muted">
                    {[...new Set(grades.map(({ criterion }) => criterion))].map((criterion) => (
                      <li key={criterion} className="[overflow-wrap:anywhere]">
                        <UntrustedText text={criterion} />:{" "}
                        {grades
                          .filter((grade) => grade.criterion === criterion)
                          .map(({ side, says }) => (side ? `${side} ${says}` : preferenceWords(says)))
                          .join(", ")}
                      </li>
                    ))}
                  </ul>
                </div>
                <Button size="sm" aria-label={spelled(`Look again at case ${key}`)} onClick={() => onLook(task)}>
                  Look again
                </Button>
              </li>
            ))}
          </ul>
          {given.rows.length === 200 && <p className="text-sm text-muted">The latest 200.</p>}
        </>
      )}
    </Dialog>
  );
}
