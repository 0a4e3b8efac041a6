import { TextDiffView } from "@/components/diff/text-diff";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { diffText } from "@/lib/prompts/diff/words";
import type { PolicyDocument } from "@/lib/releases/policy-document";
import { policyChanges, policyText } from "@/lib/releases/policy-words";

type Props = { before: PolicyDocument | null; after: PolicyDocument; names: { before: string; after: string } };

/** Two versions of a policy: field by field in words, then the documents line by line. */
export function PolicyDiff({ before, after, names }: Props) {
  const changes = policyChanges(before, after);
  if (before !== null && changes.length === 0) return <p className="text-muted">Nothing is different.</p>;
  return (
    <div className="flex flex-col gap-4">
      <Table label="What is different, in words" className="min-w-[36rem]">
        <TableHead>
          <TableRow>
            <TableHeader>Field</TableHeader>
            {before !== null && <TableHeader>{names.before}</TableHeader>}
            <TableHeader>{names.after}</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {changes.map((change) => (
            <TableRow key={change.path}>
              <TableHeader scope="row" className="align-top text-ink [overflow-wrap:anywhere]">
                <UntrustedText text={change.label} />
              </TableHeader>
              {before !== null && <Value text={change.before} className="bg-removed" />}
              <Value text={change.after} className={before === null ? "" : "bg-added"} />
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {before !== null && (
        <details>
          <summary className="min-h-6 cursor-pointer text-accent">The documents, line by line</summary>
          <div className="mt-2">
            <TextDiffView diff={diffText(policyText(before), policyText(after))} view="words" />
          </div>
        </details>
      )}
    </div>
  );
}

function Value({ text, className }: { text: string | null; className: string }) {
  return (
    <TableCell className="tabular-nums [overflow-wrap:anywhere]">
      {text === null ? (
        <span className="text-muted">not there</span>
      ) : (
        <span className={`rounded-sm ${className === "" ? "" : `px-1 ${className}`}`}>
          <UntrustedText text={text} />
        </span>
      )}
    </TableCell>
  );
}
