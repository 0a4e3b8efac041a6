"use client";

import { useActionState } from "react";
import { Button } from "@/components/ui/button";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import { Verdict } from "@/components/ui/verdict";
import type { CriterionRow } from "@/lib/review/queries";
import { removeExampleAction } from "../actions";

/** The examples of one criterion, and what became of taking one out, which is gone then. */
export function Examples({ criterion, changes }: { criterion: CriterionRow; changes: boolean }) {
  const [outcome, send, busy] = useActionState(removeExampleAction, null);
  const { name, examples } = criterion;
  return (
    <>
      {examples.length > 0 && (
        <ul aria-label={spelled(`Examples of ${name}`)} className="flex flex-col">
          {examples.map((example, index) => (
            <li key={example.id} className="flex flex-wrap items-start gap-x-4 gap-y-1 border-t border-line py-2">
              <div className="flex min-w-0 grow basis-72 flex-col gap-1">
                <span className="flex flex-wrap items-baseline gap-x-2">
                  <Verdict value={example.verdict} />{" "}
                  <span className="min-w-0 [overflow-wrap:anywhere]">
                    <UntrustedText text={example.why} />
                  </span>
                </span>
                <Untrusted compact text={example.text} className="border-l-2 border-line pl-2" />
                <span className="text-sm text-muted">
                  by <UntrustedText text={example.createdBy} />
                </span>
              </div>
              {changes && (
                <form action={send}>
                  <input type="hidden" name="id" value={example.id} />
                  <Button type="submit" size="sm" variant="ghost" disabled={busy}>
                    <span>
                      Take out
                      <span className="sr-only">
                        {" "}
                        example {index + 1} of <UntrustedText text={name} />
                      </span>
                    </span>
                  </Button>
                </form>
              )}
            </li>
          ))}
        </ul>
      )}
      <div aria-live="polite">
        {outcome && <Notice tone={outcome.ok ? "success" : "danger"}>{outcome.message}</Notice>}
      </div>
    </>
  );
}
