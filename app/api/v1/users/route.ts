import { listMembers } from "@/lib/auth/members";
import { rest } from "../_rest";

export const GET = rest(async ({ actor }) => ({
  body: (await listMembers(actor)).map(({ email, name, roles }) => ({ email, name, roles })),
}));
