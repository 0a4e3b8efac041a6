import { appendAudit } from "../audit/append";
import { type Actor, actorName, personOf } from "../auth/actor";
import { permit } from "../auth/permit";
import { type Tx, transaction, violates } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Fault, notFound } from "../errors";
import { writeLabelMove } from "./label-moves";
import { approvalHolds, protectedLabels } from "./labels";
import { type MoveLabel, maxContentLength, moveLabelSchema, type PushVersion, pushVersionSchema } from "./schema";

export type Pushed = {
  prompt: string;
  version: string;
  number: number;
  digest: string;
  /** True when the prompt had a version with this very content: nothing changed. */
  unchanged: boolean;
};

/**
 * Adds a version to a prompt, and the prompt if it is new. The same content is the same version, whoever brings it and
 * under whatever key. Throws Fault `conflict` for a key that has other content, `invalid` for an unknown parent.
 */
export async function pushVersion({ actor, input }: { actor: Actor; input: PushVersion }): Promise<Pushed> {
  permit(actor, "prompt.push");
  const version = pushVersionSchema.parse(input);
  const content = canonicalJson(version.content);
  if (content.length > maxContentLength) {
    throw new Fault("too_large", `The content is longer than ${maxContentLength} characters.`, { field: "content" });
  }
  const digest = sha256Hex(content);
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(async (tx) => {
        const { id: promptId, isNew } = await lockOrMake(tx, actor.projectId, version.prompt);
        const twin = await tx.promptVersion.findUnique({ where: { promptId_digest: { promptId, digest } } });
        if (twin) return pushed(version.prompt, twin, true);
        const stored = await insert(tx, actor, promptId, version, content, digest);
        if (isNew) {
          await appendAudit(tx, actor, {
            action: "prompt.created",
            subject: { kind: "prompt", id: String(promptId), name: version.prompt },
          });
        }
        await appendAudit(tx, actor, {
          action: "prompt.version_pushed",
          subject: { kind: "prompt_version", id: String(stored.id), name: `${version.prompt} ${stored.key}` },
          after: digest,
          details: { parent: version.parent, message: stored.message, author: stored.author },
        });
        return pushed(version.prompt, stored, false);
      });
    } catch (error) {
      // An import that ran at the same time took the number; what it brought counts now.
      if (attempt === 3 || !violates(error)) throw error;
    }
  }
}

function pushed(prompt: string, version: { key: string; number: number; digest: string }, unchanged: boolean): Pushed {
  return { prompt, version: version.key, number: version.number, digest: version.digest, unchanged };
}

/** The prompt's row, locked: pushes to one prompt happen one after the other. */
async function lockOrMake(tx: Tx, projectId: number, name: string): Promise<{ id: number; isNew: boolean }> {
  const made = await tx.$executeRaw`
    INSERT INTO prompt (project_id, name) VALUES (${projectId}, ${name}) ON CONFLICT DO NOTHING`;
  return { id: await lock(tx, projectId, name), isNew: made === 1 };
}

async function lock(tx: Tx, projectId: number, name: string): Promise<number> {
  const [prompt] = await tx.$queryRaw<{ id: number }[]>`
    SELECT id FROM prompt WHERE project_id = ${projectId} AND name = ${name} FOR UPDATE`;
  if (!prompt) throw notFound("The prompt");
  return prompt.id;
}

async function insert(tx: Tx, actor: Actor, promptId: number, version: PushVersion, content: string, digest: string) {
  const last = await tx.promptVersion.aggregate({ where: { promptId }, _max: { number: true } });
  const number = (last._max.number ?? 0) + 1;
  const key = version.key ?? (await freeKey(tx, promptId, number));
  const taken = await tx.promptVersion.findUnique({ where: { promptId_key: { promptId, key } } });
  if (taken) {
    const has = taken.content === null ? "no known content" : "other content";
    throw new Fault(
      "conflict",
      `The version “${key}” exists with ${has} (${taken.digest.slice(0, 12)}, here ${digest.slice(0, 12)}). Give the new one another key.`,
      { field: "key" },
    );
  }
  const parent = version.parent
    ? await tx.promptVersion.findUnique({ where: { promptId_key: { promptId, key: version.parent } } })
    : null;
  if (version.parent && !parent) {
    throw new Fault("invalid", `This prompt has no version “${version.parent}”.`, { field: "parent" });
  }
  return tx.promptVersion.create({
    data: {
      promptId,
      number,
      key,
      content,
      digest,
      model: version.content.model ?? null,
      author: version.author ?? (personOf(actor) === null ? null : actorName(actor)),
      message: version.message || null,
      parentId: parent?.id ?? null,
      contributorId: personOf(actor),
    },
  });
}

/** `v` and the version's number; an imported version may have that name already. */
async function freeKey(tx: Tx, promptId: number, number: number): Promise<string> {
  const rows = await tx.promptVersion.findMany({ where: { promptId }, select: { key: true } });
  const keys = new Set(rows.map(({ key }) => key));
  let at = number;
  while (keys.has(`v${at}`)) at++;
  return `v${at}`;
}

export type MovedLabel = {
  label: string;
  version: string;
  digest: string;
  protected: boolean;
  unchanged: boolean;
  /** True when the label had pointed there before. */
  rolledBack: boolean;
};

/**
 * Points a label to a version of the same prompt, and writes down why. A protected label moves only to a version that an
 * approved release had as its candidate, or back to the one that it was adopted at; an attempt at anything else is recorded.
 * Throws Fault `conflict` for that, and when the label does not point where `expected` says.
 */
export async function moveLabel({ actor, input }: { actor: Actor; input: MoveLabel }): Promise<MovedLabel> {
  permit(actor, "label.move");
  const move = moveLabelSchema.parse(input);
  const outcome = await transaction(async (tx) => {
    const promptId = await lock(tx, actor.projectId, move.prompt);
    const select = { id: true, key: true, digest: true };
    const to = await tx.promptVersion.findUnique({
      where: { promptId_key: { promptId, key: move.version } },
      select,
    });
    if (!to) throw new Fault("invalid", `This prompt has no version “${move.version}”.`, { field: "version" });
    const before = await tx.label.findUnique({
      where: { promptId_name: { promptId, name: move.label } },
      select: { protected: true, everProtected: true, version: { select } },
    });
    const from = before?.version ?? null;
    if (move.expected !== undefined && from?.digest !== move.expected) throw elsewhere(move.label, from);
    const isProtected = before?.protected ?? protectedLabels.includes(move.label);
    const { releaseId, been, adopted, ended } = await standing(tx, actor.projectId, promptId, move.label, to.id);
    const result = { label: move.label, version: to.key, digest: to.digest, protected: isProtected, rolledBack: been };
    if (from?.id === to.id) return { ...result, rolledBack: false, unchanged: true };
    if (isProtected && releaseId === null && !adopted) {
      await appendAudit(tx, actor, {
        action: "label.move_refused",
        subject: { kind: "label", id: `${move.prompt}/${move.label}` },
        before: from?.digest,
        details: { from: from?.key, to: to.key, reason: move.reason || undefined, waiverEnded: ended?.toISOString() },
      });
      return { refused: ended };
    }
    if ((isProtected || before?.everProtected) && !move.reason) {
      const state = isProtected ? "is" : "was";
      throw new Fault("invalid", `The label ${move.label} ${state} protected: say why it moves.`, { field: "reason" });
    }
    const moved = await writeLabelMove(tx, {
      prompt: { id: promptId, name: move.prompt },
      label: move.label,
      kind: been ? "rolled_back" : "moved",
      from,
      to,
      protected: isProtected,
      releaseId,
      reason: move.reason,
      by: { name: actorName(actor), userId: personOf(actor) },
    });
    // Moves by people wait for each other; a release that is decided at this moment does not.
    if (!moved) throw elsewhere(move.label, null);
    await appendAudit(tx, actor, moved.event);
    return { ...result, unchanged: false };
  });
  if (!("refused" in outcome)) return outcome;
  const { refused: ended } = outcome;
  const why = ended
    ? `the approval of ${move.version} needed a waiver that ended on ${ended.toISOString().slice(0, 10)}. A new release must be decided.`
    : `it moves only to a version that an approved release had as its candidate, and ${move.version} is none.`;
  throw new Fault("conflict", `The label ${move.label} is protected: ${why}`);
}

function elsewhere(label: string, now: { key: string } | null): Fault {
  const where = now ? `points to ${now.key} now` : "is not where it was";
  return new Fault("conflict", `The label ${label} ${where}: somebody moved it since you looked.`);
}

/**
 * What speaks for a version under a label: the newest release whose approval holds, and whether the label has been there.
 * `ended`: when the newest approval ended with a waiver that it needed, where none holds.
 */
async function standing(tx: Tx, projectId: number, promptId: number, label: string, versionId: number) {
  const release = await tx.release.findFirst({
    where: { projectId, candidateId: versionId, ...approvalHolds() },
    orderBy: { id: "desc" },
    select: { id: true },
  });
  const former = await tx.decision.findFirst({
    where: { release: { projectId, candidateId: versionId, state: "approved" } },
    orderBy: { id: "desc" },
    select: { waivedUntil: true },
  });
  const moves = await tx.labelMove.findMany({ where: { promptId, label, toId: versionId }, select: { kind: true } });
  return {
    releaseId: release?.id ?? null,
    ended: release ? null : (former?.waivedUntil ?? null),
    been: moves.length > 0,
    adopted: moves.some(({ kind }) => kind === "adopted"),
  };
}
