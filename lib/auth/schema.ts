import { z } from "zod";

export const roleSchema = z.enum(["viewer", "reviewer", "release_manager", "auditor", "administrator"]);
export const rolesSchema = z.array(roleSchema).min(1, "Choose at least one role.");
export const emailSchema = z.email("Give an e-mail address.").max(200);
export const nameSchema = z.string().trim().min(1, "Give a name.").max(100);
export const projectKeySchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,39}$/, "2 to 40 small letters, digits and hyphens.");
export const passkeyNameSchema = z.string().trim().min(1, "Give the passkey a name.").max(100);
