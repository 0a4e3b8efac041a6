import { CopyButton } from "./copy-button";

/** A digest, short; the whole of it on hover, when selected, on paper, and with `copy` by a button. */
export function Digest({ value, length = 12, copy = false }: { value: string; length?: number; copy?: boolean }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <code className="font-mono text-sm break-all" title={value}>
        {value.slice(0, length)}
        {value.length > length && (
          <span aria-hidden="true" className="print:hidden">
            …
          </span>
        )}
        <span className="sr-only print:not-sr-only">{value.slice(length)}</span>
      </code>
      {copy && (
        <span className="no-print">
          <CopyButton text={value} label="Copy digest" />
        </span>
      )}
    </span>
  );
}
