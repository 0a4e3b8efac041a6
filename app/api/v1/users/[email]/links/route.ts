import { createSignInLink } from "@/lib/auth/links";
import { rest } from "../../../_rest";

export const POST = rest(
  async ({ actor, params }) => ({
    status: 201,
    body: await createSignInLink({ actor, input: { email: params.email ?? "" } }),
  }),
  { replays: false },
);
