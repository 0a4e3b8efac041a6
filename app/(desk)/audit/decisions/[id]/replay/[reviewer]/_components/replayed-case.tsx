"use client";

import { useState } from "react";
import { CaseView } from "@/app/review/[release]/_components/case-view";
import { draftOf, inOrder } from "@/app/review/[release]/_components/draft";
import { unmarked } from "@/app/review/[release]/_components/marking";
import { Button } from "@/components/ui/button";
import type { ReplayStep } from "@/lib/releases/reviewer-replay";
import type { TaskView } from "@/lib/review/queries";

const nothing = () => {};

type Props = { task: TaskView; grades: ReplayStep["grades"]; comments: ReplayStep["comments"] };

/** The reviewer's own view of the case, which can be read and not used. */
export function ReplayedCase({ task, grades, comments }: Props) {
  const [diff, setDiff] = useState(false);
  const [raw, setRaw] = useState(false);
  const [folded, setFolded] = useState<string[]>([]);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap gap-2">
        <Button size="sm" aria-pressed={diff} onClick={() => setDiff(!diff)}>
          Differences
        </Button>
        <Button size="sm" aria-pressed={raw} onClick={() => setRaw(!raw)}>
          Raw
        </Button>
      </div>
      <fieldset disabled className="min-w-0">
        <legend className="sr-only">As the reviewer saw it</legend>
        <CaseView
          current={{ task, correction: false }}
          criteria={inOrder(task.criteria)}
          draft={draftOf(grades)}
          active={-1}
          {...{ diff, raw, missing: [], asksWhole: false, canUndo: false, known: [], readOnly: true }}
          {...{ comments, storedComments: comments, marking: unmarked, folded }}
          {...{ onGrade: nothing, onCompare: nothing, onNote: nothing, onTags: nothing, onActive: nothing }}
          {...{
            onCommit: nothing,
            onLater: nothing,
            onLeave: nothing,
            onUndo: nothing,
            onDiff: nothing,
            onRaw: nothing,
          }}
          {...{ onMark: nothing, onComment: nothing, onCancelComment: nothing, onRemoveComment: nothing }}
          onFold={(criterion, fold) =>
            setFolded(fold ? [...folded, criterion] : folded.filter((other) => other !== criterion))
          }
        />
      </fieldset>
    </div>
  );
}
