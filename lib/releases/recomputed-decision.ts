import { getDecision } from "../audit/decisions";
import { getEntry, type Vouched } from "../audit/queries";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { type Recomputed, recompute } from "./recompute";

export type RecomputedDecision = {
  tookMs: number;
  /** Null: it can't be computed again, for the reason in `why`. */
  numbers: { compared: number; rows: Recomputed[]; different: number; close: number } | null;
  why: string | null;
  /** The answers and verdicts of both runs, digested again; `frozen` is what the evidence says. */
  runs: { version: string; frozen: string | null; again: string }[];
  evidence: { signed: string; again: string; canonical: boolean };
  /** What vouches for the deciding entry; null: no checkpoint covers it yet. */
  vouched: Vouched | null;
  signatures: { count: number; unlogged: number };
};

/**
 * Every number of a decision from its frozen evidence alone, beside the stored one; the runs' digests from the stored
 * answers; and what vouches for the deciding entry. Computed at each call, of decided releases only.
 */
export async function recomputeDecision(actor: Actor, id: number): Promise<RecomputedDecision> {
  permit(actor, "audit.read");
  const start = performance.now();
  const decision = await getDecision(actor, id);
  const { evidence, evidenceDigest, signOffs } = decision;
  const again = recompute(evidence.body);
  const entry = await getEntry(actor, decision.auditIndex);
  return {
    numbers:
      again.state === "compared"
        ? { compared: again.numbers, rows: again.rows, different: again.different, close: again.close }
        : null,
    why: again.state === "compared" ? null : again.why,
    runs: await runDigests(decision.releaseId, evidence.body),
    evidence: { signed: evidenceDigest, again: evidence.recomputed, canonical: evidence.canonical },
    vouched: entry.vouched,
    signatures: {
      count: signOffs.length,
      unlogged: signOffs.filter(({ auditIndex }) => auditIndex === null).length,
    },
    tookMs: Math.round(performance.now() - start),
  };
}

async function runDigests(releaseId: number, body: string): Promise<RecomputedDecision["runs"]> {
  type Side = { run?: { digest?: string } };
  const frozen = readJson(body) as { baseline?: Side; candidate?: Side } | null;
  const [row] = await db.$queryRaw<{ baseline: string; candidate: string; b: string; k: string }[]>`
    SELECT v.key AS baseline, w.key AS candidate, run_digest(r.baseline_run_id) AS b, run_digest(r.candidate_run_id) AS k
      FROM release r JOIN prompt_version v ON v.id = r.baseline_id JOIN prompt_version w ON w.id = r.candidate_id
     WHERE r.id = ${releaseId}`;
  return [
    { version: row!.baseline, frozen: frozen?.baseline?.run?.digest ?? null, again: row!.b },
    { version: row!.candidate, frozen: frozen?.candidate?.run?.digest ?? null, again: row!.k },
  ];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
