import { Badge } from "@/components/ui/badge";
import type { ImportView } from "@/lib/runs/queries";

export function ImportState({ state, unchanged }: Pick<ImportView, "state" | "unchanged">) {
  if (state === "done") return unchanged ? <Badge>nothing changed</Badge> : <Badge tone="better">✓ done</Badge>;
  if (state === "failed") return <Badge tone="worse">✕ refused</Badge>;
  return <Badge tone="accent">{state}</Badge>;
}
