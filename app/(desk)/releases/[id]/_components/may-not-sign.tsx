import { UntrustedText } from "@/components/ui/untrusted-text";
import { listed } from "@/lib/releases/words";

export type WhyNot = { why: string; others: string[] };

/** What signing would answer to whoever looks, and who may sign instead. */
export function MayNotSign({ whyNot: { why, others } }: { whyNot: WhyNot }) {
  return (
    <p className="max-w-prose [overflow-wrap:anywhere]">
      <UntrustedText text={why} />{" "}
      {others.length > 0 ? (
        <>
          <UntrustedText text={listed(others)} /> may sign.
        </>
      ) : (
        "Nobody else in this project may sign."
      )}
    </p>
  );
}
