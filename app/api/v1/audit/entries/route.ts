import { listEntries } from "@/lib/audit/queries";
import { rest } from "../../_rest";

export const GET = rest(async ({ actor, url }) => ({
  body: await listEntries(actor, Object.fromEntries(url.searchParams)),
}));
