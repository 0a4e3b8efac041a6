import type { AnchorLine } from "@/lib/judges/anchors";

/** One JSON document a line, streamed: it is never held whole. */
export function jsonLines({ lines }: { lines: AsyncGenerator<AnchorLine> }, fileName: string): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "application/jsonl; charset=utf-8",
      "cache-control": "private, no-store",
      "content-disposition": `attachment; filename="${fileName}"`,
    },
  });
}
