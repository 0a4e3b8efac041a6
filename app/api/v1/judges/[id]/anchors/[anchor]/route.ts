import { rowId } from "@/app/_row-id";
import { exportAnchor } from "@/lib/judges/anchors";
import { rest } from "../../../../_rest";
import { jsonLines } from "../../../_anchors";

/** JSONL, one answer a line, without verdicts. */
export const GET = rest(async ({ actor, params }) =>
  jsonLines(await exportAnchor(actor, rowId(params.id), rowId(params.anchor)), `anchor-${params.anchor}.jsonl`),
);
