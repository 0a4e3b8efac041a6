import Link from "next/link";
import { Fragment } from "react";
import { formatCount, plural } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Waits } from "@/lib/releases/cases";

type Props = {
  releaseId: number;
  waits: Waits;
  /** Whether what is shown is without them, is with them where it tells nothing that is hidden, or is totals over all. */
  here: "without" | "with" | "totals";
};

/** How many cases wait for this person's blind grade and where: lists and counts by what is hidden are without them. */
export function WaitsLine({ releaseId, waits, here }: Props) {
  const { cases } = waits;
  if (cases === 0) return null;
  const waiting = cases === 1 ? "waits" : "wait";
  const queues = waits.in.map(({ release, baseline, candidate, cases: there }, index) => (
    <Fragment key={release}>
      {index > 0 && (index === waits.in.length - 1 ? " and " : ", ")}
      <Link
        href={`/releases/${release}/review`}
        prefetch={false}
        className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
      >
        {release === releaseId ? (
          "the queue of this release"
        ) : (
          <UntrustedText text={`the queue of release ${release}, ${baseline} → ${candidate}`} />
        )}
      </Link>
      {waits.in.length > 1 && ` (${formatCount(there)})`}
    </Fragment>
  ));
  const them = cases === 1 ? "it" : "them";
  return (
    <p className="text-sm [overflow-wrap:anywhere]">
      {here === "without" ? (
        <>
          Left out here: {plural(cases, "case")} that {waiting} for your blind grade in {queues}.
        </>
      ) : (
        <>
          {plural(cases, "case")} {waiting} for your blind grade in {queues}.{" "}
          {here === "with"
            ? `Filters and orders by answers, verdicts or grades leave ${them} out.`
            : `Totals here count ${them}; the lists they lead to leave ${them} out.`}
        </>
      )}
    </p>
  );
}
