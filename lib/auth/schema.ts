import { z } from "zod";

export const roleSchema = z.enum(["viewer", "reviewer", "release_manager", "auditor", "administrator"]);
export const rolesSchema = z.array(roleSchema).min(1, "Choose at least one role.");
export const emailSchema = z.email("Give an e-mail address.").max(200);
export const nameSchema = z.string().trim().min(1, "Give a name.").max(100);
export const projectKeySchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,39}$/, "2 to 40 small letters, digits and hyphens.");
export const passkeyNameSchema = z.string().trim().min(1, "Give the passkey a name.").max(100);

const base64url = z
  .string()
  .max(20_000)
  .regex(/^[A-Za-z0-9_-]*$/);

/** A credential as a browser gives it, as JSON: its shape; what it says is verified elsewhere. */
const credential = <Response extends z.ZodRawShape>(response: Response) =>
  z.object({
    id: base64url,
    rawId: base64url,
    type: z.literal("public-key"),
    authenticatorAttachment: z.string().max(100).nullish(),
    clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
    response: z.object({ clientDataJSON: base64url, ...response }),
  });

/** The answer to `navigator.credentials.get`. */
export const assertionSchema = credential({
  authenticatorData: base64url,
  signature: base64url,
  userHandle: base64url.nullish(),
});

/** The answer to `navigator.credentials.create`. */
export const attestationSchema = credential({
  attestationObject: base64url,
  transports: z.array(z.string().max(100)).max(20).nullish(),
});
