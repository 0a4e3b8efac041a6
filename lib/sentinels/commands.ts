import { randomBytes } from "node:crypto";
import { appendAudit } from "../audit/append";
import { type Actor, actorName } from "../auth/actor";
import { permit } from "../auth/permit";
import { type Tx, transaction } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Fault, notFound } from "../errors";
import { Random } from "../stats/random";
import { make } from "./rules";
import {
  kinds as allKinds,
  expectedOf,
  type Kind,
  type MakeSentinels,
  makeSchema,
  type SentinelVerdicts,
  strikeSchema,
  verdictsSchema,
} from "./schema";

type Release = { id: number; name: string; candidateRunId: number; criterionId: number; criterion: string };

async function findRelease(tx: Tx, actor: Actor, releaseId: number, criterion?: string): Promise<Release> {
  const rows = await tx.$queryRaw<(Release & { kind: string })[]>`
    SELECT r.id, p.name || ' ' || b.key || ' → ' || k.key AS name, r.candidate_run_id AS "candidateRunId",
           c.id AS "criterionId", c.key AS criterion, c.kind::text
      FROM release r JOIN prompt p ON p.id = r.prompt_id JOIN prompt_version b ON b.id = r.baseline_id
      JOIN prompt_version k ON k.id = r.candidate_id
      JOIN release_criterion rc ON rc.release_id = r.id JOIN criterion c ON c.id = rc.criterion_id
     WHERE r.id = ${releaseId} AND r.project_id = ${actor.projectId} ORDER BY rc.position`;
  if (rows.length === 0) throw notFound("The release");
  const found = criterion === undefined ? rows[0] : rows.find((row) => row.criterion === criterion);
  if (!found) throw new Fault("invalid", `This release has no criterion “${criterion}”.`, { field: "criterion" });
  if (found.kind === "preference")
    throw new Fault("invalid", "Sentinels are for criteria that an answer passes or fails.", { field: "criterion" });
  return found;
}

function subjectOf({ id, name }: Release) {
  return { kind: "release", id: String(id), name };
}

type Row = { caseId: number; output: string; reference: string | null; labels: string[] };

/** How many answers are looked at for one sentinel: not every kind fits every answer. */
const sourcesEach = 4;

/**
 * Makes sentinels from the candidate's answers, kinds in turn, without any model: the same seed makes the same ones. An
 * answer gives at most one of a kind; what is there already is not made again.
 */
export async function makeSentinels({
  actor,
  input,
}: {
  actor: Actor;
  input: MakeSentinels & { releaseId: number };
}): Promise<{ seed: string; made: Record<string, number> }> {
  permit(actor, "release.draw");
  const { releaseId, ...given } = input;
  const { count, criterion, kinds = allKinds, seed = randomBytes(8).toString("hex") } = makeSchema.parse(given);
  return transaction(async (tx) => {
    const release = await findRelease(tx, actor, releaseId, criterion);
    // In an order that the seed alone decides.
    const rows = await tx.$queryRaw<Row[]>`
      SELECT c.id AS "caseId", o.output, c.reference,
             ARRAY(SELECT DISTINCT rv.verdict::text FROM review rv
                    WHERE rv.release_id = ${release.id} AND rv.case_id = c.id AND rv.run_id = o.run_id AND rv.criterion_id = ${release.criterionId}
                      AND NOT EXISTS (SELECT 1 FROM review newer WHERE newer.supersedes_id = rv.id)) AS labels
        FROM output o JOIN test_case c ON c.id = o.case_id
       WHERE o.run_id = ${release.candidateRunId} AND o.repeat = 0 AND o.output IS NOT NULL AND length(o.output) BETWEEN 1 AND 20000
       ORDER BY md5(${seed} || c.key), c.key COLLATE "C" LIMIT ${count * sourcesEach + 1}`;
    const there = await tx.sentinel.findMany({
      where: { releaseId: release.id, criterionId: release.criterionId },
      select: { caseId: true, kind: true },
    });
    const taken = new Set(there.map(({ caseId, kind }) => `${caseId} ${kind}`));
    const random = new Random(seed);
    const made: { caseId: number; kind: Kind; text: string }[] = [];
    let next = 0;
    for (const [i, { caseId, output, reference, labels }] of rows.entries()) {
      const [label] = labels.length === 1 ? labels : [];
      const source = {
        output,
        other: rows[(i + 1) % rows.length]!.caseId === caseId ? null : rows[(i + 1) % rows.length]!.output,
        reference,
        label: label === "pass" || label === "fail" ? label : null,
      } as const;
      // The kind whose turn it is, else the next one that this answer allows.
      for (let k = 0; k < kinds.length && made.length < count; k++) {
        const kind = kinds[(next + k) % kinds.length]!;
        if (taken.has(`${caseId} ${kind}`)) continue;
        const text = make(kind, source, random);
        if (text === null) continue;
        made.push({ caseId, kind, text });
        next = (kinds.indexOf(kind) + 1) % kinds.length;
        break;
      }
      if (made.length >= count) break;
    }
    if (made.length === 0)
      throw new Fault("conflict", "No answer of the candidate allows another sentinel of these kinds.");
    await tx.sentinel.createMany({
      data: made.map(({ caseId, kind, text }) => ({
        releaseId: release.id,
        criterionId: release.criterionId,
        caseId,
        key: randomBytes(12).toString("hex"),
        kind,
        expected: expectedOf(kind),
        text,
        seed,
        createdBy: actorName(actor),
      })),
    });
    const counts = Object.fromEntries(
      allKinds.map((kind) => [kind, made.filter((one) => one.kind === kind).length]).filter(([, n]) => n !== 0),
    ) as Record<string, number>;
    await appendAudit(tx, actor, {
      action: "sentinel.made",
      subject: subjectOf(release),
      details: { criterion: release.criterion, seed, made: counts, digest: sha256Hex(canonicalJson(made)) },
    });
    return { seed, made: counts };
  });
}

/** Takes a sentinel out of the counts: it is not what it was made to be, such as a cut answer that is still right. */
export async function strikeSentinel({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; sentinelId: number; reason: string };
}): Promise<void> {
  permit(actor, "release.draw");
  const { reason } = strikeSchema.parse({ reason: input.reason });
  await transaction(async (tx) => {
    const release = await findRelease(tx, actor, input.releaseId);
    const sentinel = await tx.sentinel.findFirst({
      where: { id: input.sentinelId, releaseId: release.id },
      select: { id: true, key: true, kind: true, strike: { select: { sentinelId: true } } },
    });
    if (!sentinel) throw notFound("The sentinel");
    if (sentinel.strike) throw new Fault("conflict", "This sentinel is struck already.");
    await tx.sentinelStrike.create({ data: { sentinelId: sentinel.id, reason, struckBy: actorName(actor) } });
    await appendAudit(tx, actor, {
      action: "sentinel.struck",
      subject: subjectOf(release),
      details: { sentinel: sentinel.key, kind: sentinel.kind, reason },
    });
  });
}

export type SentinelLine = { sentinel: string; input: string; output: string; criterion: string; rubric: string };

/** What a judge is given: nothing in it tells a sentinel from a real answer, or a good one from a bad one. */
export async function exportSentinels(actor: Actor, releaseId: number): Promise<SentinelLine[]> {
  permit(actor, "release.draw");
  return transaction(async (tx) => {
    const release = await findRelease(tx, actor, releaseId);
    const lines = await tx.$queryRaw<SentinelLine[]>`
      SELECT s.key AS sentinel, c.input, s.text AS output, k.key AS criterion, k.rubric
        FROM sentinel s JOIN test_case c ON c.id = s.case_id JOIN criterion k ON k.id = s.criterion_id
       WHERE s.release_id = ${release.id} AND NOT EXISTS (SELECT 1 FROM sentinel_strike x WHERE x.sentinel_id = s.id)
       ORDER BY s.key`;
    if (lines.length === 0) throw new Fault("conflict", "There are no sentinels yet. Make some first.");
    await appendAudit(tx, actor, {
      action: "sentinel.exported",
      subject: subjectOf(release),
      details: { sentinels: lines.length },
    });
    return lines;
  });
}

type Known = { id: number; key: string; criterionId: number };
type Judge = { id: number; key: string; criterionId: number; threshold: number | null };

/**
 * Takes what judges said of sentinels, all or nothing. The same verdicts again change nothing; another verdict of the same
 * judge version on the same sentinel is refused.
 */
export async function takeSentinelVerdicts({
  actor,
  input,
}: {
  actor: Actor;
  input: SentinelVerdicts & { releaseId: number };
}): Promise<{ taken: number; unchanged: boolean }> {
  permit(actor, "release.draw");
  const { releaseId, ...given } = input;
  const { verdicts } = verdictsSchema.parse(given);
  return transaction(async (tx) => {
    const release = await findRelease(tx, actor, releaseId);
    const sentinels = await tx.$queryRaw<Known[]>`
      SELECT id, key, criterion_id AS "criterionId" FROM sentinel WHERE release_id = ${release.id}`;
    const judges = await tx.$queryRaw<Judge[]>`
      SELECT DISTINCT ON (j.key, jv.criterion_id) jv.id, j.key, jv.criterion_id AS "criterionId", jv.threshold
        FROM release r JOIN run_judge rj ON rj.run_id IN (r.baseline_run_id, r.candidate_run_id)
        JOIN judge_version jv ON jv.id = rj.judge_version_id JOIN judge j ON j.id = jv.judge_id
       WHERE r.id = ${release.id} ORDER BY j.key, jv.criterion_id, jv.number DESC`;
    const [byKey, seen] = [new Map(sentinels.map((one) => [one.key, one])), new Map<string, number>()];
    const rows = verdicts.map(({ sentinel, judge, verdict, score, rationale }, i) => {
      const place = (field: string) => ({ line: i + 1, field });
      const found = byKey.get(sentinel);
      if (!found) throw new Fault("invalid", `This release has no sentinel ${sentinel}.`, place("sentinel"));
      const version = judges.find((one) => one.key === judge && one.criterionId === found.criterionId);
      if (!version) throw new Fault("invalid", `No judge “${judge}” judged this criterion here.`, place("judge"));
      if (verdict === undefined && (score === undefined || version.threshold === null))
        throw new Fault("invalid", "A verdict is missing (a score needs the judge's threshold).", place("verdict"));
      const before = seen.get(`${sentinel} ${judge}`);
      if (before !== undefined)
        throw new Fault("invalid", `${judge} has a verdict on it in line ${before} already.`, place("sentinel"));
      seen.set(`${sentinel} ${judge}`, i + 1);
      return {
        sentinelId: found.id,
        judgeVersionId: version.id,
        verdict: verdict ?? (score! >= version.threshold! ? ("pass" as const) : ("fail" as const)),
        score: score ?? null,
        rationale: rationale ?? null,
      };
    });
    const stored = await tx.sentinelVerdict.findMany({
      where: { sentinelId: { in: rows.map((row) => row.sentinelId) } },
    });
    const at = new Map(stored.map((row) => [`${row.sentinelId} ${row.judgeVersionId}`, row.verdict]));
    const fresh = rows.filter((row, i) => {
      const known = at.get(`${row.sentinelId} ${row.judgeVersionId}`);
      if (known !== undefined && known !== row.verdict) {
        const detail = `This judge version said ${known} of it before; verdicts don't change.`;
        throw new Fault("conflict", detail, { line: i + 1, field: "verdict" });
      }
      return known === undefined;
    });
    if (fresh.length === 0) return { taken: 0, unchanged: true };
    await tx.sentinelVerdict.createMany({ data: fresh });
    await appendAudit(tx, actor, {
      action: "sentinel.judged",
      subject: subjectOf(release),
      details: { verdicts: fresh.length, digest: sha256Hex(canonicalJson(fresh)) },
    });
    return { taken: fresh.length, unchanged: false };
  });
}
