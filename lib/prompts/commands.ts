import { appendAudit } from "../audit/append";
import { type Actor, actorName, personOf } from "../auth/actor";
import { permit } from "../auth/permit";
import { type Tx, transaction, violates } from "../db/transaction";
import { canonicalJson, sha256Hex } from "../digest";
import { Fault, notFound } from "../errors";
import { protectedLabels } from "./labels";
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

export type MovedLabel = { label: string; version: string; digest: string; protected: boolean; unchanged: boolean };

/**
 * Points a label to a version of the same prompt. A protected label moves only to a version that an approved release had
 * as its candidate; an attempt at anything else is recorded. Throws Fault `conflict` for that, and when the label does
 * not point where `expected` says.
 */
export async function moveLabel({ actor, input }: { actor: Actor; input: MoveLabel }): Promise<MovedLabel> {
  permit(actor, "label.move");
  const move = moveLabelSchema.parse(input);
  const outcome = await transaction(async (tx) => {
    const promptId = await lock(tx, actor.projectId, move.prompt);
    const version = await tx.promptVersion.findUnique({ where: { promptId_key: { promptId, key: move.version } } });
    if (!version) {
      throw new Fault("invalid", `This prompt has no version “${move.version}”.`, { field: "version" });
    }
    const where = { promptId_name: { promptId, name: move.label } };
    const before = await tx.label.findUnique({ where, include: { version: true } });
    if (move.expected !== undefined && before?.version.digest !== move.expected) {
      const now = before ? `points to ${before.version.key} now` : "does not exist";
      throw new Fault("conflict", `The label ${move.label} ${now}: somebody moved it since you looked.`);
    }
    const isProtected = before?.protected ?? protectedLabels.includes(move.label);
    const result = { label: move.label, version: version.key, digest: version.digest, protected: isProtected };
    if (before?.versionId === version.id) return { ...result, unchanged: true };
    const event = {
      subject: { kind: "label", id: `${move.prompt}/${move.label}` },
      before: before?.version.digest,
      details: { from: before?.version.key, to: version.key },
    };
    if (isProtected && !(await wasApproved(tx, actor.projectId, version.id))) {
      await appendAudit(tx, actor, { action: "label.move_refused", ...event });
      return null;
    }
    const data = { versionId: version.id, movedAt: new Date(), movedBy: actorName(actor) };
    await tx.label.upsert({
      where,
      update: data,
      create: { promptId, name: move.label, protected: isProtected, ...data },
    });
    await appendAudit(tx, actor, { action: "label.moved", ...event, after: version.digest });
    return { ...result, unchanged: false };
  });
  if (!outcome) {
    throw new Fault(
      "conflict",
      `The label ${move.label} is protected: it moves only to a version that an approved release had as its candidate, and ${move.version} is none.`,
    );
  }
  return outcome;
}

async function wasApproved(tx: Tx, projectId: number, candidateId: number): Promise<boolean> {
  return (await tx.release.count({ where: { projectId, candidateId, state: "approved" } })) > 0;
}
