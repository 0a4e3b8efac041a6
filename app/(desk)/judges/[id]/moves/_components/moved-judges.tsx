import Link from "next/link";
import { formatCount, formatRate, plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { MovedJudge } from "@/lib/judges/moves";

/** Judges that say something else of the same answers than they said before. Nothing when there is none. */
export function MovedJudges({ judges }: { judges: MovedJudge[] }) {
  if (judges.length === 0) return null;
  return (
    <Notice
      tone={judges.every(({ acknowledged }) => acknowledged) ? "info" : "warning"}
      title={judges.length === 1 ? "A judge moved" : `${judges.length} judges moved`}
      className="mb-6"
    >
      <ul>
        {judges.map(({ judgeId, judge, version, since, same, acknowledged }) => (
          <li key={judgeId}>
            <Link href={`/judges/${judgeId}/moves`} className="font-medium break-all text-accent underline">
              <UntrustedText text={judge} /> version {version}
            </Link>
            : another verdict on {formatCount(same.flips)} of {plural(same.n, "answer")} that it had judged before (
            {formatRate(same.flips / same.n)}), noticed <RelativeTime date={since} />.
            {acknowledged && (
              <p>
                <UntrustedText text={acknowledged.by} /> has seen it, <RelativeTime date={acknowledged.at} />:{" "}
                <UntrustedText text={acknowledged.reason} />
              </p>
            )}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
