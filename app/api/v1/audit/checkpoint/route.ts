import { getCheckpoint } from "@/lib/audit/queries";
import { rest } from "../../_rest";

export const GET = rest(async ({ actor }) => {
  const note = await getCheckpoint(actor);
  return new Response(note, {
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" },
  });
});
