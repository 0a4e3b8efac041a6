import { getVersion } from "@/lib/prompts/queries";
import { rest } from "../../../../_rest";

export const GET = rest(async ({ actor, params }) => ({
  body: await getVersion(actor, params.prompt ?? "", params.version ?? ""),
}));
