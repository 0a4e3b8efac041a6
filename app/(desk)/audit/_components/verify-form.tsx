"use client";

import Link from "next/link";
import { useActionState } from "react";
import { Button } from "@/components/ui/button";
import { formatCount, plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted";
import type { LogVerification } from "@/lib/audit/verify";
import { verifyAction } from "../actions";

type Verified = LogVerification & { tookMs: number };

/** Recomputes every hash of the log and every checkpoint's signature, and shows what came out. Decisions have a check of their own. */
export function VerifyForm() {
  const [outcome, verify, busy] = useActionState(verifyAction, null);
  const result = outcome?.ok ? outcome.value : undefined;
  return (
    <form action={verify} className="flex flex-col items-start gap-3">
      <Button type="submit" variant="primary" disabled={busy}>
        {busy ? "Verifying …" : "Verify now"}
      </Button>
      <div aria-live="polite" className="w-full max-w-4xl">
        {outcome && !outcome.ok && <Notice tone="danger">{outcome.message}</Notice>}
        {result && <Result result={result} />}
      </div>
    </form>
  );
}

function Result({ result }: { result: Verified }) {
  const { ok, size, root, checkpoints, problems, problemCount, notes, tookMs } = result;
  const title = ok ? "The log verifies" : `The log does not verify: ${plural(problemCount, "problem")}`;
  return (
    <Notice tone={ok ? "success" : "danger"} title={title}>
      {problems.length > 0 && (
        <ul className="my-2 list-disc pl-5">
          {problems.map((problem, i) => (
            <li key={i}>
              {place(problem)}
              <UntrustedText text={problem.what} />
            </li>
          ))}
          {problemCount > problems.length && <li>and {formatCount(problemCount - problems.length)} more</li>}
        </ul>
      )}
      <p>
        Recomputed {plural(size, "entry", "entries")} in {(tookMs / 1000).toFixed(1)} s, and held them against{" "}
        {plural(checkpoints.stored, "checkpoint")} in the database and {formatCount(checkpoints.outside)} outside it.
      </p>
      <p className="mt-1">
        This was about the log. A decision&apos;s numbers, signatures and runs are computed again on{" "}
        <Link href="/audit/decisions" className="underline underline-offset-2">
          its record
        </Link>
        ; answers and evidence of everything by <code className="font-mono">countersign verify</code>.
      </p>
      {notes.map((note) => (
        <p key={note} className="mt-1">
          {note}
        </p>
      ))}
      <p className="mt-1 text-sm text-muted">
        Root <code className="font-mono break-all">{root}</code>
      </p>
    </Notice>
  );
}

function place({ index, from, to }: LogVerification["problems"][number]) {
  if (index !== undefined) return <strong className="font-semibold">Entry {index}: </strong>;
  if (from === undefined) return null;
  return (
    <strong className="font-semibold">
      Entries {from} to {to}:{" "}
    </strong>
  );
}
