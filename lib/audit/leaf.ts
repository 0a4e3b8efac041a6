import { canonicalJson, type JsonObject, type JsonValue } from "../digest";

/** One entry of the audit log, as its leaf says it. Digests are 64 hex digits; `at` is UTC with milliseconds. */
export type AuditEvent = {
  v: 1;
  at: string;
  action: string;
  actor: {
    kind: "person" | "token" | "system";
    /** The person's or the token's id; null for the system. */
    id: number | null;
    name: string;
    email?: string;
    /** The person a token acts for; null for the local administrator token. */
    userId?: number | null;
    /** The roles held when it happened. */
    roles: string[];
  };
  /** Null for what belongs to no project. */
  projectId: number | null;
  subject: { kind: string; id: string; name?: string };
  before?: string;
  after?: string;
  details?: JsonObject;
  requestId: string;
};

/** The columns stored beside the leaf, for filtering: each follows from the leaf. `at` has microseconds, as PostgreSQL. */
export type LeafColumns = {
  projectId: number | null;
  at: string;
  action: string;
  actor: string;
  subject: string;
  requestId: string;
};

/** The exact bytes that are hashed and stored. */
export function leafBytes(event: AuditEvent): Buffer {
  return Buffer.from(canonicalJson(wellFormed(event)), "utf8");
}

export function leafColumns(event: AuditEvent): LeafColumns {
  const { actor, subject } = event;
  const who = [actor.id === null ? actor.kind : `${actor.kind}:${actor.id}`, actor.name];
  if (actor.email && actor.email !== actor.name) who.push(`<${actor.email}>`);
  const what = [`${subject.kind}:${subject.id}`];
  if (subject.name) what.push(subject.name);
  return {
    projectId: event.projectId,
    at: event.at.replace(/(\.\d{3})Z$/, "$1000Z"),
    action: storable(event.action),
    actor: storable(who.join(" ")),
    subject: storable(what.join(" ")),
    requestId: storable(event.requestId),
  };
}

/** Reads a leaf back. Throws Error when the bytes are not an event of a version this program knows. */
export function parseLeaf(leaf: Uint8Array): AuditEvent {
  const event: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(leaf));
  if (!isEvent(event)) throw new Error("the leaf is not an audit event");
  return event;
}

function isEvent(value: unknown): value is AuditEvent {
  if (!isRecord(value) || value.v !== 1 || !isRecord(value.actor) || !isRecord(value.subject)) return false;
  const texts = [value.at, value.action, value.requestId, value.actor.kind, value.actor.name, value.subject.kind];
  return texts.every((text) => typeof text === "string") && typeof value.subject.id === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** PostgreSQL text has no NUL: the column shows ␀, the leaf keeps the byte. */
function storable(text: string): string {
  return text.replaceAll("\0", "␀");
}

/** Half of a surrogate pair has no UTF-8 form: it is spelled out (`\ud800`), so that no event is lost over it. */
function wellFormed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === "string") return spellOut(value);
  if (Array.isArray(value)) return value.map((item) => wellFormed(item) ?? null);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [spellOut(key), wellFormed(item)]));
}

function spellOut(text: string): string {
  return text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}
