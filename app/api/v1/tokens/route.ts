import { z } from "zod";
import { emailSchema, nameSchema } from "@/lib/auth/schema";
import { createToken } from "@/lib/auth/tokens";
import { readBody, rest } from "../_rest";

const body = z.object({
  as: emailSchema.optional(),
  name: nameSchema.default("command line"),
  days: z.int().min(1).max(366).optional(),
});

export const POST = rest(
  async ({ actor, request }) => ({
    status: 201,
    body: await createToken({ actor, input: await readBody(request, body) }),
  }),
  { replays: false },
);
