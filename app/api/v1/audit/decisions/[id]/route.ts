import { exportDecision } from "@/lib/audit/decisions";
import { decisionIdSchema } from "@/lib/audit/schema";
import { rest } from "../../../_rest";

/** The exported decision itself, byte for byte; `latest` is the project's newest. */
export const GET = rest(async ({ actor, params }) => {
  const { name, bytes } = await exportDecision({ actor, id: decisionIdSchema.parse(params.id) });
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "private, no-store",
    },
  });
});
