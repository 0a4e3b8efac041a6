import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import { Fault } from "./errors";

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A member that is `undefined` is left out of the document. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** SHA-256 of bytes, or of the UTF-8 bytes of a text, as 64 lower-case hex digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash("sha256", data, "hex");
}

/**
 * The canonical JSON text of a value (RFC 8785): the same value gives the same bytes everywhere.
 * Throws Fault `invalid` for what has no such form: lone surrogates, NaN, infinities, functions, bigints, cycles.
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw new Fault("invalid", `This value has no canonical JSON form: ${(error as Error).message}.`);
  }
  if (text === undefined) throw new Fault("invalid", "This value has no canonical JSON form.");
  return text;
}

/** SHA-256 of the canonical JSON of a value, as 64 lower-case hex digits. */
export function digestOf(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/**
 * Stands for a text in a document that is kept for ever: what a person wrote may have to be removed later, and then the
 * document still verifies.
 */
export type TextDigest = { sha256: string };

export function textDigest(text: string): TextDigest {
  return { sha256: sha256Hex(text) };
}
