import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import path from "node:path";
import { sha256Hex } from "../digest";
import { bundleFiles, packingOf, unpack } from "./archive";
import { readBundle } from "./bundle";
import { readPromptfooJson, readPromptfooJsonl } from "./promptfoo";
import { refuse, type SourceRow, type Target } from "./rows";

export const formats = ["auto", "bundle", "promptfoo"] as const;
export type Format = (typeof formats)[number];

export type Source = {
  format: "bundle" | "promptfoo";
  /**
   * SHA-256 of what the source says: of the file, or, for a bundle, of its files' names and digests, so that a folder, a zip
   * and a tar of the same content are the same source.
   */
  digest: string;
  bytes: number;
  rows: (read: (bytes: number) => void) => AsyncGenerator<SourceRow[]>;
  /** Known once the first rows were read. */
  target: () => Target | null;
};

async function sha256File(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** True when the first line that is not empty is a result by itself, or, by the file's name, was meant to be. */
async function isJsonLines(file: string, fileName: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    const head = buffer.subarray(0, bytesRead).toString("utf8").trimStart();
    if (/^\{\s*("(evalId|results|version)"|$)/.test(head)) return false;
    const end = head.indexOf("\n");
    if (end === -1 && bytesRead === 64 * 1024) return head.startsWith('{"');
    const line = (end === -1 ? head : head.slice(0, end)).trimEnd();
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === "object" && value !== null && !("results" in value);
    } catch {
      return /\.jsonl$/i.test(fileName) && line !== "{" && line !== "";
    }
  } finally {
    await handle.close();
  }
}

/**
 * Opens an uploaded file: decides what it is by its content, unpacks an archive into `workFolder`, and gives its rows.
 *
 * @param fileName as the uploader called it, for messages
 * @throws Fault `invalid` with file, line and field
 */
export async function openSource(file: string, fileName: string, format: Format, workFolder: string): Promise<Source> {
  const { size } = await stat(file);
  if (size === 0) throw refuse("The file is empty.", { file: fileName });
  const packing = await packingOf(file);
  if (packing !== "plain") {
    if (format === "promptfoo")
      throw refuse("promptfoo results are a .json or .jsonl file, not an archive.", { file: fileName });
    const digests = await unpack(file, fileName, packing, workFolder);
    const found = [...digests.keys()].sort();
    if (found.length === 0) {
      throw refuse(`The archive holds none of ${bundleFiles.join(", ")}.`, { file: fileName });
    }
    const said = found.map((name) => `${name} ${digests.get(name)}\n`).join("");
    const sizes = await Promise.all(found.map(async (name) => (await stat(path.join(workFolder, name))).size));
    let target: Target | null = null;
    return {
      format: "bundle",
      digest: sha256Hex(said),
      bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      rows: (read) =>
        readBundle(
          workFolder,
          found,
          (named) => {
            target = named;
          },
          read,
        ),
      target: () => target,
    };
  }
  if (format === "bundle") throw refuse("A bundle is a .zip or .tar.gz of its folder.", { file: fileName });
  const isLines = await isJsonLines(file, fileName);
  return {
    format: "promptfoo",
    digest: await sha256File(file),
    bytes: size,
    rows: (read) => (isLines ? readPromptfooJsonl(file, fileName, read) : readPromptfooJson(file, fileName, read)),
    target: () => null,
  };
}
