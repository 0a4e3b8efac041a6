import { CopyButton } from "./copy-button";

/** A digest, short; the whole of it on hover, when selected, and with `copy` by a button. */
export function Digest({ value, length = 12, copy = false }: { value: string; length?: number; copy?: boolean }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <code className="font-mono text-sm break-all" title={value}>
        {value.slice(0, length)}
        {value.length > length && <span aria-hidden="true">…</span>}
        <span className="sr-only">{value.slice(length)}</span>
      </code>
      {copy && <CopyButton text={value} label="Copy digest" />}
    </span>
  );
}
