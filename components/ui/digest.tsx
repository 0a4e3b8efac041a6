/** A digest, short; the whole of it on hover and when selected. */
export function Digest({ value, length = 12 }: { value: string; length?: number }) {
  return (
    <code className="font-mono text-sm break-all" title={value}>
      {value.slice(0, length)}
      {value.length > length && <span aria-hidden="true">…</span>}
      <span className="sr-only">{value.slice(length)}</span>
    </code>
  );
}
