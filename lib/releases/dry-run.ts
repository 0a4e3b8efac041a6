import { setImmediate as breathe } from "node:timers/promises";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { canonicalJson } from "../digest";
import { briefNumbers } from "./brief";
import { buildEvidence } from "./evidence";
import { type PolicyDocument, readPolicy } from "./policy-document";
import { counts, listSignOffs, type ReleaseState, type SignOffRow } from "./queries";
import { gatesUnder } from "./recompute";
import {
  blocking,
  decides,
  type Gate,
  type GateKey,
  type GateStatus,
  gateKeys,
  signersGate,
  standingOf,
} from "./rules";

export type DryGate = {
  key: GateKey;
  /** Null: the policy does not ask for it. */
  before: GateStatus | null;
  after: GateStatus | null;
  /** What the other policy says of it. */
  detail: string | null;
};

export type DryRunRow = {
  id: number;
  prompt: string;
  baseline: string;
  candidate: string;
  state: ReleaseState;
  /** Its own policy, as `standard 1`. */
  policy: string;
  gates: DryGate[];
  /** What it is, or would be were it decided now; and under the other policy. */
  before: string;
  after: string;
  changed: boolean;
  /** Why it can't be told; null: it is told. */
  why: string | null;
};

/** Releases that one dry run looks at: the newest. */
const looksAt = 20;

/**
 * What another policy would have made of past releases, and would make of open ones: decided ones from their frozen evidence
 * and signatures, open ones as they stand. Nothing is stored, and nothing about any release changes.
 */
export async function dryRun(actor: Actor, policy: PolicyDocument): Promise<{ rows: DryRunRow[]; left: number }> {
  permit(actor, "project.read");
  const where = { projectId: actor.projectId, state: { not: "withdrawn" as const } };
  const all = await db.release.count({ where });
  const releases = await db.release.findMany({
    where,
    include: {
      prompt: { select: { name: true } },
      baseline: { select: { key: true } },
      candidate: { select: { key: true } },
      policy: { select: { key: true, number: true, document: true } },
    },
    orderBy: { id: "desc" },
    take: looksAt,
  });
  const rows: DryRunRow[] = [];
  for (const release of releases) {
    const { id, state, evidenceDigest: digest, decidedAt } = release;
    const own = readPolicy(release.policy.document);
    const body = digest
      ? (await db.evidence.findUniqueOrThrow({ where: { releaseId_digest: { releaseId: id, digest } } })).body
      : await evidenceNow(actor, id);
    const signOffs = (await listSignOffs(db, id, digest)).filter(counts);
    const { gates: evidenced, reviews } = JSON.parse(body) as {
      gates: Gate[];
      reviews: { reviewer?: { email: string } }[];
    };
    const graders = new Set(reviews.flatMap(({ reviewer }) => (reviewer ? [reviewer.email.toLowerCase()] : [])));
    const at = decidedAt ?? new Date();
    const old = judged(own, evidenced, signOffs, at);
    const other = gatesUnder(body, policy);
    const head = {
      ...{ id, state, prompt: release.prompt.name, baseline: release.baseline.key, candidate: release.candidate.key },
      policy: `${release.policy.key} ${release.policy.number}`,
    };
    if (other.gates === null) {
      const gates = pair(old.gates, []);
      rows.push({
        ...head,
        gates,
        before: outcomeOf(state, old),
        after: "can't be told",
        changed: false,
        why: other.why,
      });
    } else {
      const able = signOffs.filter((signOff) => maySign(policy, signOff, graders));
      const now = judged(policy, other.gates, able, at);
      const [before, after] = [outcomeOf(state, old), outcomeOf(state, now)];
      rows.push({ ...head, gates: pair(old.gates, now.gates), before, after, changed: before !== after, why: null });
    }
    await breathe();
  }
  return { rows, left: all - releases.length };
}

/** What would be frozen if the grading closed now. */
async function evidenceNow(actor: Actor, releaseId: number): Promise<string> {
  const at = new Date();
  const { numbers, inputs } = await briefNumbers(db, actor, releaseId, at);
  return canonicalJson({ ...(await buildEvidence(db, releaseId, numbers, inputs)), closed: { at: at.toISOString() } });
}

function maySign({ excluded }: PolicyDocument, { email }: SignOffRow, graders: ReadonlySet<string>): boolean {
  const name = email.toLowerCase();
  return !excluded.people.includes(name) && !(excluded.graders && graders.has(name));
}

type Judged = { gates: Gate[]; open: Gate[]; decision: "approved" | "refused" | null };

function judged(policy: PolicyDocument, gates: readonly Gate[], signOffs: readonly SignOffRow[], at: Date): Judged {
  const standing = standingOf(policy, signOffs);
  const waivers = signOffs
    .flatMap((signOff) => signOff.waivers)
    .filter(({ gate }) => (policy.waivers.gates as readonly string[]).includes(gate));
  return {
    gates: [...gates, signersGate(policy, standing)],
    open: blocking(gates, waivers, at),
    decision: decides(policy, standing),
  };
}

/** A release that people refused stays refused where their refusals decide, whatever its gates say. */
function outcomeOf(state: ReleaseState, { open, decision }: Judged): string {
  if (decision === "refused") return "refused";
  if (open.length > 0) return "blocked";
  if (decision === "approved") return "approved";
  if (state === "approved" || state === "refused") return "needs more signatures";
  return "could be signed";
}

function pair(before: readonly Gate[], after: readonly Gate[]): DryGate[] {
  return gateKeys.flatMap((key): DryGate[] => {
    const [was, is] = [before, after].map((gates) => gates.find((gate) => gate.key === key));
    if (!was && !is) return [];
    return [{ key, before: was?.status ?? null, after: is?.status ?? null, detail: is?.detail ?? null }];
  });
}
