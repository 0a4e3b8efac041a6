import { plural } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted";
import type { Change, ChangeGroup } from "@/lib/releases/evidence-changes";

const shownAtOnce = 5;

/** What is different between two evidences, group by group; long lists are cut, the rest one click away. */
export function Changes({ groups }: { groups: ChangeGroup[] }) {
  return (
    <div className="flex flex-col gap-4">
      {groups.map(({ key, title, changes }) => (
        <section key={key} aria-label={title} className="flex flex-col gap-1">
          <p className="font-medium">
            {title} <span className="font-normal text-muted">· {plural(changes.length, "change")}</span>
          </p>
          <Rows changes={changes.slice(0, shownAtOnce)} />
          {changes.length > shownAtOnce && (
            <details>
              <summary className="min-h-6 cursor-pointer text-accent">and {changes.length - shownAtOnce} more</summary>
              <Rows changes={changes.slice(shownAtOnce)} />
            </details>
          )}
        </section>
      ))}
    </div>
  );
}

function Rows({ changes }: { changes: Change[] }) {
  return (
    <ul className="flex flex-col">
      {changes.map(({ what, before, after }, i) => (
        <li key={i} className="grid gap-x-4 border-t border-line py-1.5 md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
          <span className="min-w-0 [overflow-wrap:anywhere]">
            <UntrustedText text={what} />
          </span>
          <span className="min-w-0 tabular-nums [overflow-wrap:anywhere]">
            <Value text={before} absent="not there" struck />{" "}
            <span aria-hidden="true" className="text-muted">
              →
            </span>
            <span className="sr-only">is now</span> <Value text={after} absent="gone" />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Value({ text, absent, struck }: { text: string | null; absent: string; struck?: boolean }) {
  if (text === null) return <span className="text-muted">{absent}</span>;
  const cut = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return (
    <span className={struck ? "text-muted" : "font-medium"}>
      <UntrustedText text={cut} />
    </span>
  );
}
