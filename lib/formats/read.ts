import { open, stat } from "node:fs/promises";
import path from "node:path";
import { sha256Hex } from "../digest";
import { bundleFiles } from "./archive";
import { readBundle } from "./bundle";
import { readPromptfooJson, readPromptfooJsonl } from "./promptfoo";
import { refuse, type SourceRow, type Target } from "./rows";
import type { Upload } from "./upload";

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

const accepted = "What can be imported is a Countersign bundle (.zip, .tar.gz) or promptfoo results (.json, .jsonl).";

/** The first 64 KiB of a file, without blanks before. */
async function headOf(file: string): Promise<{ head: string; whole: boolean }> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return { head: buffer.subarray(0, bytesRead).toString("utf8").trimStart(), whole: bytesRead < 64 * 1024 };
  } finally {
    await handle.close();
  }
}

/** Refuses what does not begin as JSON, unless its name says that it is meant to be: then its first line is told. */
function refuseStrangers(head: string, fileName: string): void {
  if (head === "" || /^[{[]/.test(head) || /\.jsonl?$/i.test(fileName)) return;
  const archive = /\.(zip|tar\.gz|tgz|gz)$/i.exec(fileName)?.[0].toLowerCase();
  const what = archive ? `This is not a ${archive} that can be read` : "This is not of a format that is known here";
  throw refuse(`${what}. ${accepted}`, { file: fileName });
}

/** True when the first line that is not empty is a result by itself, or, by the file's name, was meant to be. */
function isJsonLines({ head, whole }: { head: string; whole: boolean }, fileName: string): boolean {
  if (/^\{\s*("(evalId|results|version)"|$)/.test(head)) return false;
  const end = head.indexOf("\n");
  if (end === -1 && !whole) return head.startsWith('{"');
  const line = (end === -1 ? head : head.slice(0, end)).trimEnd();
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !("results" in value);
  } catch {
    return /\.jsonl$/i.test(fileName) && line !== "{" && line !== "";
  }
}

/**
 * Opens what was uploaded: decides what it is by its content, and gives its rows.
 *
 * @param fileName as the uploader called it, for messages
 * @throws Fault `invalid` with file, line and field
 */
export async function openSource(upload: Upload, fileName: string, format: Format): Promise<Source> {
  if (upload.packing === "archive") {
    if (format === "promptfoo")
      throw refuse("promptfoo results are a .json or .jsonl file, not an archive.", { file: fileName });
    const { folder, files } = upload;
    const found = [...files.keys()].sort();
    if (found.length === 0) {
      throw refuse(`The archive holds none of ${bundleFiles.join(", ")}.`, { file: fileName });
    }
    const said = found.map((name) => `${name} ${files.get(name)}\n`).join("");
    const sizes = await Promise.all(found.map(async (name) => (await stat(path.join(folder, name))).size));
    let target: Target | null = null;
    return {
      format: "bundle",
      digest: sha256Hex(said),
      bytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
      rows: (read) =>
        readBundle(
          folder,
          found,
          (named) => {
            target = named;
          },
          read,
        ),
      target: () => target,
    };
  }
  const { file, sha256 } = upload;
  const { size } = await stat(file);
  if (size === 0) throw refuse("The file is empty.", { file: fileName });
  if (format === "bundle") throw refuse("A bundle is a .zip or .tar.gz of its folder.", { file: fileName });
  const head = await headOf(file);
  refuseStrangers(head.head, fileName);
  const isLines = isJsonLines(head, fileName);
  return {
    format: "promptfoo",
    digest: sha256,
    bytes: size,
    rows: (read) => (isLines ? readPromptfooJsonl(file, fileName, read) : readPromptfooJson(file, fileName, read)),
    target: () => null,
  };
}
