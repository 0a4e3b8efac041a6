import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { BrokenGlass } from "@/lib/releases/break-glass";

/** That somebody moved a protected label without an approval: red wherever it concerns, and for ever. */
export function BrokenGlassNotice({ rows, className }: { rows: readonly BrokenGlass[]; className?: string }) {
  if (rows.length === 0) return null;
  return (
    <section
      aria-label="Break-glass"
      className={`rounded-md border-2 border-worse bg-worse-soft px-4 py-3 [overflow-wrap:anywhere] ${className ?? ""}`}
    >
      <h2 className="font-semibold text-worse">
        <span aria-hidden="true">⚠ </span>The glass was broken: a label was moved without an approval
      </h2>
      <ul className="flex flex-col gap-2 pt-1">
        {rows.map(({ id, label, from, to, by, reason, reauthentication, at }) => (
          <li key={id}>
            <strong className="font-semibold">
              <UntrustedText text={label} />
            </strong>{" "}
            moved {from !== null && <UntrustedText text={from} />} → <UntrustedText text={to} /> by{" "}
            <UntrustedText text={by} /> ({reauthentication}), <RelativeTime date={at} />: “
            <UntrustedText text={reason} />”
          </li>
        ))}
      </ul>
    </section>
  );
}
