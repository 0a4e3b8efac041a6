"use client";

import { useActionState, useState } from "react";
import { Check } from "@/app/(desk)/audit/_components/check";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Digest } from "@/components/ui/digest";
import { formatCount, plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted";
import type { RecomputedDecision } from "@/lib/releases/recomputed-decision";
import { recomputeAction } from "../actions";

type Numbers = NonNullable<RecomputedDecision["numbers"]>;

/** Computes everything again at a press, and shows what came out beside what is stored. */
export function RecomputeForm({ id }: { id: number }) {
  const [outcome, send, busy] = useActionState(recomputeAction, null);
  const result = outcome?.ok ? outcome.value : undefined;
  return (
    <form action={send} className="flex flex-col items-start gap-4">
      <input type="hidden" name="id" value={id} />
      <Button type="submit" variant="primary" disabled={busy} className="no-print">
        {busy ? "Computing …" : "Re-compute and verify"}
      </Button>
      <div aria-live="polite" className="flex w-full max-w-4xl flex-col gap-4">
        {outcome && !outcome.ok && <Notice tone="danger">{outcome.message}</Notice>}
        {result && <Result result={result} />}
      </div>
    </form>
  );
}

function Result({ result }: { result: RecomputedDecision }) {
  const { numbers, why, runs, evidence, vouched, signatures, tookMs } = result;
  const holding = vouched?.holders.filter(({ holds }) => holds) ?? [];
  const intact = evidence.again === evidence.signed && evidence.canonical;
  return (
    <>
      <ul className="flex flex-col gap-2">
        <Check ok={numbers !== null && numbers.different === 0}>
          {numbers === null ? (
            <>
              The numbers can't be computed again: <UntrustedText text={why ?? ""} />
            </>
          ) : (
            <>
              {plural(numbers.compared, "number")} computed again from the frozen evidence
              {numbers.different > 0
                ? `: ${plural(numbers.different, "place")} differ${numbers.different === 1 ? "s" : ""}`
                : numbers.close > 0
                  ? `: all the same, ${formatCount(numbers.close)} of them but for the rounding of another machine`
                  : ": all the same, to the last digit"}
              .
            </>
          )}
        </Check>
        <Check ok={intact}>
          {intact
            ? "The evidence has the digest that was signed: "
            : "The evidence is not what was signed; its digest is "}
          <Digest value={evidence.again} />
        </Check>
        {runs.map(({ version, frozen, again }) => (
          <Check key={version} ok={frozen === again}>
            {frozen === again
              ? "Answers and verdicts are those that were judged: "
              : "Answers or verdicts are not what they were: "}
            <UntrustedText text={version} /> <Digest value={again} />
          </Check>
        ))}
        <Check ok={signatures.unlogged === 0}>
          {signatures.unlogged === 0
            ? `${plural(signatures.count, "signature")}, each as the log recorded it.`
            : `${signatures.unlogged} of ${signatures.count} signatures are not as the log recorded them.`}
        </Check>
        {vouched ? (
          <Check ok={vouched.problem === null}>
            {vouched.problem === null ? (
              <>
                The deciding entry is under the signed checkpoint over {plural(vouched.size, "entry", "entries")}, shown
                by {plural(vouched.proof.length, "hash", "hashes")}.
              </>
            ) : (
              <>
                No proof for the deciding entry: <UntrustedText text={vouched.problem} />
              </>
            )}
          </Check>
        ) : (
          <Check ok={false}>No signed checkpoint covers the deciding entry yet; one follows within seconds.</Check>
        )}
        {vouched && (
          <Check ok={holding.length > 0}>
            {holding.length > 0 ? (
              <span className="[overflow-wrap:anywhere]">
                Held outside the database by <UntrustedText text={holding.map(({ name }) => name).join(", ")} />.
              </span>
            ) : (
              "Nobody outside the database holds a checkpoint over it."
            )}
          </Check>
        )}
      </ul>
      {numbers && <Compared numbers={numbers} />}
      <p className="text-sm text-muted">Took {(tookMs / 1000).toFixed(2)} s. Nothing was changed.</p>
    </>
  );
}

const shown = 200;

function Compared({ numbers }: { numbers: Numbers }) {
  const [all, setAll] = useState(false);
  const differing = numbers.rows.filter(({ outcome }) => outcome === "different");
  const rows = (all || differing.length === 0 ? numbers.rows : differing).slice(0, shown);
  return (
    <details open={differing.length > 0}>
      <summary className="min-h-8 w-fit cursor-pointer leading-8 text-accent hover:underline">
        Each number beside the stored one
      </summary>
      {differing.length > 0 && (
        <Checkbox checked={all} onChange={({ target }) => setAll(target.checked)}>
          Also those that are the same
        </Checkbox>
      )}
      <Table label="Numbers, stored and computed again">
        <TableHead>
          <TableRow>
            <TableHeader>Where</TableHeader>
            <TableHeader className="text-right">Stored</TableHeader>
            <TableHeader className="text-right">Again</TableHeader>
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(({ path, frozen, again, outcome }) => (
            <TableRow key={path.join("\n")}>
              <TableCell className="min-w-64 text-sm [overflow-wrap:anywhere]">
                {outcome === "different" && <strong className="text-worse">✕ differs: </strong>}
                <UntrustedText text={path.join(" › ")} />
              </TableCell>
              <TableCell className="text-right font-mono text-sm tabular-nums">
                <UntrustedText text={said(frozen)} />
              </TableCell>
              <TableCell className="text-right font-mono text-sm tabular-nums">
                <UntrustedText text={said(again)} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {numbers.rows.length > rows.length && (
        <p className="text-sm text-muted">
          The first {rows.length} of {formatCount(numbers.rows.length)}. <code>countersign verify</code> names every
          one.
        </p>
      )}
    </details>
  );
}

function said(value: Numbers["rows"][number]["frozen"]): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
