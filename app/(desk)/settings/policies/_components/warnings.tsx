import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { PolicyWarning } from "@/lib/releases/policy-warnings";

/** What stands in a policy's way, as the project is now. They refuse nothing. */
export function Warnings({ warnings }: { warnings: readonly PolicyWarning[] }) {
  const of = (kind: PolicyWarning["kind"]) => warnings.filter((warning) => warning.kind === kind);
  const [impossible, doubtful] = [of("impossible"), of("doubtful")];
  return (
    <>
      {impossible.length > 0 && (
        <Notice tone="danger" title="As the project is now, nobody could meet this">
          <List warnings={impossible} />
        </Notice>
      )}
      {doubtful.length > 0 && (
        <Notice tone="warning" title="Probably not what was meant">
          <List warnings={doubtful} />
        </Notice>
      )}
    </>
  );
}

function List({ warnings }: { warnings: readonly PolicyWarning[] }) {
  return (
    <ul className="list-disc pl-5">
      {warnings.map(({ field, text }) => (
        <li key={`${field} ${text}`} className="[overflow-wrap:anywhere]">
          <UntrustedText text={text} />
        </li>
      ))}
    </ul>
  );
}
