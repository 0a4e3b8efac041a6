import Link from "next/link";
import { subjectHref } from "@/app/_subject-href";
import { Initials } from "@/components/ui/initials";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { actionLabel } from "@/lib/audit/events";
import type { NewsItem } from "@/lib/releases/news";

/** Who did what, newest first. */
export function NewsList({ items }: { items: readonly NewsItem[] }) {
  return (
    <ol className="max-w-4xl border-b border-line">
      {items.map((item) => (
        <li
          key={item.index}
          className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 border-t border-line py-3 sm:grid-cols-[auto_minmax(0,1fr)_auto]"
        >
          <Initials name={item.by} className="mt-0.5" />
          <div className="min-w-0">
            <p className="[overflow-wrap:anywhere]">
              {item.unread && <span className="mr-2 text-sm font-medium text-accent">● new</span>}
              <span className={item.action === "label.break_glass" ? "font-semibold text-worse" : "font-medium"}>
                {actionLabel(item.action)}
              </span>{" "}
              <Subject item={item} />
            </p>
            {item.reasons.map((reason) => (
              <p key={reason} className="text-sm [overflow-wrap:anywhere]">
                <UntrustedText text={reason} />
              </p>
            ))}
            <p className="text-sm text-muted [overflow-wrap:anywhere]">
              by <UntrustedText text={item.by} />
            </p>
          </div>
          <div className="text-sm text-muted max-sm:col-start-2">
            <RelativeTime date={item.at} />
          </div>
        </li>
      ))}
    </ol>
  );
}

/** What it was about, as a link where there is a page. */
function Subject({ item: { subject, to } }: { item: NewsItem }) {
  const text =
    (subject.kind.startsWith("policy") ? `policy ${subject.name}` : subject.name) ||
    (subject.kind === "label" ? subject.id : `${subject.kind} ${subject.id}`);
  const name = <UntrustedText text={to ? `${text} → ${to}` : text} />;
  const href = subjectHref({ subject });
  if (!href) return <span>{name}</span>;
  return (
    <Link href={href} className="text-accent underline-offset-2 hover:underline">
      {name}
    </Link>
  );
}
