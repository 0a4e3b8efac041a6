import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../digest";
import { tarEntries, tarOf, zipEntries, zipOf } from "../testing/archives";
import { receiveUpload } from "./upload";

const work = mkdtempSync(path.join(tmpdir(), "countersign-upload-"));
afterAll(() => rmSync(work, { recursive: true }));
let folders = 0;
const folder = () => path.join(work, String(folders++));

const files = { "bundle.json": '{"format":"countersign-bundle/1"}', "cases.jsonl": '{"case":"é"}\n'.repeat(500) };

const uploads = {
  "a .tar.gz": gzipSync(await tarOf(tarEntries(files))),
  "a .zip": zipOf(zipEntries(files)),
  "a file": Buffer.from(files["cases.jsonl"]),
};

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
