import { Readable } from "node:stream";

/** An exported project as it is sent: while it is read. */
export function projectFile(archive: Readable): Response {
  return new Response(Readable.toWeb(archive) as ReadableStream, {
    headers: {
      "content-type": "application/gzip",
      "content-disposition": 'attachment; filename="project.tar.gz"',
      "cache-control": "private, no-store",
    },
  });
}
