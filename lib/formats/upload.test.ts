import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { pack } from "tar-stream";
import { afterAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../digest";
import { receiveUpload } from "./upload";

const work = mkdtempSync(path.join(tmpdir(), "countersign-upload-"));
afterAll(() => rmSync(work, { recursive: true }));
let folders = 0;
const folder = () => path.join(work, String(folders++));

const files = { "bundle.json": '{"format":"countersign-bundle/1"}', "cases.jsonl": '{"case":"é"}\n'.repeat(500) };

async function tarOf(): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

/** APPNOTE.TXT 4.3: local headers with their data, the central directory, its end. */
function zipOf(): Buffer {
  const [locals, centrals]: Buffer[][] = [[], []];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    const packed = deflateRawSync(bytes);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), head, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    locals!.push(local);
    centrals!.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), head, tail, Buffer.from(name)]));
    at += local.length;
  }
  const central = Buffer.concat(centrals!);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(2, 4);
  end.writeUInt16LE(2, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals!, central, Buffer.from("PK\x05\x06"), end]);
}

const uploads = { "a .tar.gz": await tarOf(), "a .zip": zipOf(), "a file": Buffer.from(files["cases.jsonl"]) };

async function* piecesOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

describe.each(Object.entries(uploads))("%s", (name, bytes) => {
  it("is the same however it is cut into pieces on its way", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (cuts) => {
        const upload = await receiveUpload(piecesOf(bytes, [1, 2, ...cuts]), "upload", folder());
        if (upload.packing === "none") {
          expect([name, upload.sha256]).toEqual(["a file", sha256Hex(files["cases.jsonl"])]);
          expect(await readFile(upload.file, "utf8")).toBe(files["cases.jsonl"]);
          return;
        }
        const digests = Object.entries(files).map(([file, text]) => [file, sha256Hex(text)]);
        expect([...upload.files]).toEqual(digests);
        for (const [file, text] of Object.entries(files))
          expect(await readFile(path.join(upload.folder, file), "utf8")).toBe(text);
      }),
      { numRuns: 30 },
    );
  });

  it("is not at fault when its bytes stop coming", async () => {
    const lost = Object.assign(new Error("terminating connection"), { code: "57P01" });
    async function* coming() {
      yield bytes.subarray(0, 10);
      yield bytes.subarray(10, 60);
      throw lost;
    }
    await expect(receiveUpload(coming(), "upload", folder())).rejects.toBe(lost);
  });
});
