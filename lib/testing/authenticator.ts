import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { isoCBOR } from "@simplewebauthn/server/helpers";

type Answering = {
  /** False: it does not look who holds it. */
  verified?: boolean;
  /** Instead of what was asked. */
  challenge?: string;
  origin?: string;
  rpId?: string;
};

/** An authenticator in software (ES256, no attestation), which also does what an honest one would not. */
export class Authenticator {
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #id = randomBytes(16);
  #counter = 0;
  constructor(readonly origin: string) {}

  get id(): string {
    return this.#id.toString("base64url");
  }

  #data(rpId: string, verified: boolean, credential = Buffer.alloc(0)): Buffer {
    const flags = 1 | (verified ? 4 : 0) | (credential.length > 0 ? 64 : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.#counter);
    return Buffer.concat([createHash("sha256").update(rpId).digest(), Buffer.from([flags]), counter, credential]);
  }

  #client(type: string, challenge: string, origin = this.origin): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  register({ challenge, rp }: PublicKeyCredentialCreationOptionsJSON, given: Answering = {}): RegistrationResponseJSON {
    const { x, y } = this.#keys.publicKey.export({ format: "jwk" });
    const bytes = (text = "") => new Uint8Array(Buffer.from(text, "base64url"));
    const key = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(x)],
        [-3, bytes(y)],
      ]),
    );
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.#id.length]), this.#id, key]);
    const data = this.#data(given.rpId ?? rp.id ?? "", given.verified ?? true, credential);
    const attestation = isoCBOR.encode(
      new Map<string, unknown>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", new Uint8Array(data)],
      ]) as Parameters<typeof isoCBOR.encode>[0],
    );
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        attestationObject: Buffer.from(attestation).toString("base64url"),
        clientDataJSON: this.#client("webauthn.create", given.challenge ?? challenge, given.origin).toString(
          "base64url",
        ),
      },
    };
  }

  sign({ challenge, rpId }: PublicKeyCredentialRequestOptionsJSON, given: Answering = {}): AuthenticationResponseJSON {
    const data = this.#data(given.rpId ?? rpId ?? "", given.verified ?? true);
    const client = this.#client("webauthn.get", given.challenge ?? challenge, given.origin);
    const message = Buffer.concat([data, createHash("sha256").update(client).digest()]);
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        authenticatorData: data.toString("base64url"),
        clientDataJSON: client.toString("base64url"),
        signature: sign("sha256", message, this.#keys.privateKey).toString("base64url"),
      },
    };
  }
}
