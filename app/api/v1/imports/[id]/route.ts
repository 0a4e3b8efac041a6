import { rowId } from "@/app/_row-id";
import { notFound } from "@/lib/errors";
import { getImport } from "@/lib/runs/queries";
import { rest } from "../../_rest";

export const GET = rest(async ({ actor, params }) => {
  if (!/^[1-9]\d{0,8}$/.test(params.id ?? "")) throw notFound("The import");
  const found = await getImport(actor, rowId(params.id));
  return {
    body: {
      id: String(found.id),
      state: found.state,
      counts: found.counts ?? { versions: 0, cases: 0, outputs: 0, verdicts: 0, reviews: 0 },
      unchanged: found.unchanged,
      phase: found.phase,
      progress: found.progress,
      prompt: found.prompt,
      dataset: found.dataset,
      ...(found.error ? { error: found.error } : {}),
    },
  };
});
