import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import type { DecisionSignOff } from "@/lib/audit/decisions";

export function Signatures({ signOffs }: { signOffs: DecisionSignOff[] }) {
  return (
    <ol className="flex max-w-4xl flex-col">
      {signOffs.map((signOff) => (
        <li key={signOff.id} className="flex flex-col gap-1 border-t border-line py-3">
          <p className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
            <strong className="font-semibold text-human">
              <UntrustedText text={signOff.printedName} />
            </strong>
            <Badge tone={signOff.decision === "approve" ? "better" : "worse"}>
              {signOff.decision === "approve" ? "✓ approves" : "✕ refuses"}
            </Badge>
            {signOff.stale && <Badge tone="unsure">stale: on earlier evidence</Badge>}
            {signOff.auditIndex === null && <Badge tone="worse">not in the log like this</Badge>}
            <span className="text-sm text-muted">
              as {signOff.roles.join(", ").replaceAll("_", " ")}, <RelativeTime date={signOff.at} />, with{" "}
              {signOff.reauthentication}
              {signOff.auditIndex !== null && `, entry ${signOff.auditIndex}`}
            </span>
          </p>
          <p>
            Meaning: <UntrustedText text={signOff.meaning} />
          </p>
          <Untrusted compact text={signOff.reason} />
        </li>
      ))}
    </ol>
  );
}
