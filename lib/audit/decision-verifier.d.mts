export type DecisionCheck = { name: string; ok: boolean; detail: string };

export type DecisionVerification = {
  ok: boolean;
  /** What the file says of itself; null where that can't be read. */
  releaseId: number | null;
  outcome: string | null;
  digest: string | null;
  /** The evidence's text, whether or not it verifies. */
  evidence: string | null;
  checks: DecisionCheck[];
  notes: string[];
};

export const envelopeFile: string;
export const payloadType: string;
export const statementType: string;
export const predicateType: string;
export const logFormat: string;
export const textsFile: string;
export const textsFormat: string;
export function textDigests(evidence: unknown): string[];
export function canonical(value: unknown): string;
export function writeZip(files: [name: string, bytes: Uint8Array][]): Buffer;
export function readZip(bytes: Uint8Array): Map<string, Buffer>;
export function fingerprint(pem: string): string;
export function preAuthentication(type: string, payload: Uint8Array): Buffer;
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean;
export function verifyDecision(bytes: Uint8Array, trustedKey?: string | null): DecisionVerification;
