import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { digesting, unpackTar, unpackZip } from "./archive";

/** An upload as it lies on the disk: a file, or the files of a bundle by name, each with its SHA-256. */
export type Upload =
  | { packing: "none"; file: string; sha256: string }
  | { packing: "archive"; folder: string; files: Map<string, string> };

/** The first bytes of a stream, and all of it. */
async function begun(bytes: AsyncIterable<Uint8Array>): Promise<{ head: Buffer; all: AsyncGenerator<Uint8Array> }> {
  const rest = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 4) {
    const { done, value } = await rest.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  async function* all() {
    if (head.length > 0) yield head;
    yield* { [Symbol.asyncIterator]: () => rest };
  }
  return { head, all: all() };
}

function packingOf(head: Buffer): "zip" | "tar.gz" | "none" {
  if (head.length >= 4 && [0x04034b50, 0x06054b50].includes(head.readUInt32LE(0))) return "zip";
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return "tar.gz";
  return "none";
}

/**
 * Puts an upload into a folder, unpacked, while its bytes come; it is known by its content.
 *
 * @param fileName as the uploader called it, for messages
 * @throws Fault `invalid` when it is an archive that is broken, or holds what no bundle does
 */
export async function receiveUpload(
  bytes: AsyncIterable<Uint8Array>,
  fileName: string,
  folder: string,
): Promise<Upload> {
  await mkdir(folder, { recursive: true });
  const { head, all } = await begun(bytes);
  const packing = packingOf(head);
  if (packing === "tar.gz") return { packing: "archive", folder, files: await unpackTar(all, fileName, folder) };
  const file = path.join(folder, "upload");
  const written = createWriteStream(file, { highWaterMark: 1024 * 1024 });
  if (packing === "zip") {
    await pipeline(all, written);
    return { packing: "archive", folder, files: await unpackZip(file, fileName, folder) };
  }
  let sha256 = "";
  const digest = digesting((told) => {
    sha256 = told;
  });
  await pipeline(all, digest, written);
  return { packing, file, sha256 };
}
