import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { open as openZip, type ZipFile } from "yauzl";
import { Fault } from "../errors";
import { limits, refuse } from "./rows";

export const bundleFiles = ["bundle.json", "cases.jsonl", "outputs.jsonl", "verdicts.jsonl", "reviews.jsonl"];

/** Of a stream, at once: large enough that its handling costs nothing. */
const pieceBytes = 256 * 1024;

/** Where a member of the archive goes; null: nowhere. */
type Claim = (name: string) => { digest: Transform; file: Writable } | null;

type Member = { name: string; folder: string };

/** The bundle file that an entry is, or null for what does not belong to a bundle. Refuses names that leave the archive. */
function memberOf(name: string, archive: string): Member | null {
  const parts = name.replaceAll("\\", "/").split("/");
  if (/^[\\/]/.test(name) || /^[a-z]:/i.test(name) || parts.includes("..")) {
    throw refuse(`The archive has an entry that points outside of it: ${JSON.stringify(name.slice(0, 100))}.`, {
      file: archive,
    });
  }
  const own = parts.filter((part) => part !== "." && part !== "");
  // At the root, or in the one folder that was packed.
  const last = own.at(-1) ?? "";
  return own.length <= 2 && bundleFiles.includes(last) ? { name: last, folder: own.slice(0, -1).join() } : null;
}

/** Bytes so far: of the archive, and of what came out of it. */
type Counter = { packed: number; unpacked: number };

/** Counts what comes out, against bombs. */
function guard(archive: string, counter: Counter): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      counter.unpacked += chunk.length;
      const tooMuch = counter.unpacked > limits.unpackedBytes;
      const bomb = counter.unpacked > 100 * 1024 * 1024 && counter.unpacked > counter.packed * limits.ratio;
      if (tooMuch || bomb)
        done(refuse("The archive unpacks to far more than its own size; it is refused.", { file: archive }));
      else done(null, chunk);
    },
  });
}

/** Passes a file of a zip through and fails when it is not what was packed. */
function checksum(expected: number, name: string): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush(done) {
      done(sum === expected ? null : new Error(`${name} is not what was packed`));
    },
  });
}

/** Passes a file through and tells its SHA-256. */
export function digesting(tell: (sha256: string) => void): Transform {
  const hash = createHash("sha256");
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      tell(hash.digest("hex"));
      done();
    },
  });
}

function broken(error: unknown, archive: string): never {
  if (error instanceof Fault) throw error;
  const message = error instanceof Error ? error.message : String(error);
  throw refuse(`The archive is broken or cut short: ${message.slice(0, 160)}.`, { file: archive });
}

/** Where the files of a bundle go, and the SHA-256 of those that are there, by name. */
function filesIn(into: string, archive: string): { found: Map<string, string>; claim: Claim } {
  const found = new Map<string, string>();
  let folder: string | undefined;
  const claim: Claim = (name) => {
    const member = memberOf(name, archive);
    if (!member) return null;
    folder ??= member.folder;
    if (member.folder !== folder)
      throw refuse("The archive has a bundle's files in more than one folder.", { file: archive });
    if (found.has(member.name)) throw refuse(`The archive holds ${member.name} twice.`, { file: archive });
    found.set(member.name, "");
    const digest = digesting((sha256) => found.set(member.name, sha256));
    return { digest, file: createWriteStream(path.join(into, member.name), { highWaterMark: 4 * pieceBytes }) };
  };
  return { found, claim };
}

/**
 * Unpacks the files of a bundle from a zip, which is read from its end; other entries are passed over. Nothing is written
 * outside of the folder `into`: the names on disk are ours.
 *
 * @param archive its name, for messages
 * @returns names of the bundle files found, each with the SHA-256 of its content
 */
export async function unpackZip(file: string, archive: string, into: string): Promise<Map<string, string>> {
  const { found, claim } = filesIn(into, archive);
  const counter = { packed: (await stat(file)).size, unpacked: 0 };
  await unzip(file, archive, counter, claim).catch((error) => broken(error, archive));
  return found;
}

/** The same for a .tar.gz, as its bytes come. What keeps them from coming is no fault of the archive, and thrown as it is. */
export async function unpackTar(
  bytes: AsyncIterable<Uint8Array>,
  archive: string,
  into: string,
): Promise<Map<string, string>> {
  const { found, claim } = filesIn(into, archive);
  const counter = { packed: 0, unpacked: 0 };
  let lost: { error: unknown } | undefined;
  async function* coming() {
    try {
      for await (const chunk of bytes) {
        counter.packed += chunk.length;
        yield chunk;
      }
    } catch (error) {
      lost = { error };
      throw error;
    }
  }
  await untar(coming(), archive, counter, claim).catch((error) => {
    if (lost) throw lost.error;
    broken(error, archive);
  });
  return found;
}

async function unzip(file: string, archive: string, counter: Counter, claim: Claim) {
  const zip = await new Promise<ZipFile>((done, failed) =>
    // Names come as bytes, so that one that climbs is refused by memberOf and not as damage.
    openZip(
      file,
      { lazyEntries: true, autoClose: false, validateEntrySizes: true, decodeStrings: false },
      (error, opened) => (error ? failed(error) : done(opened)),
    ),
  );
  try {
    await new Promise<void>((done, failed) => {
      zip.on("error", failed);
      zip.on("end", done);
      zip.on("entry", (entry) => {
        try {
          const target = claim(String(entry.fileName));
          if (!target) return zip.readEntry();
          zip.openReadStream(entry, (error, stream) => {
            if (error) return failed(error);
            const sum = checksum(entry.crc32, String(entry.fileName));
            pipeline(stream, guard(archive, counter), sum, target.digest, target.file).then(
              () => zip.readEntry(),
              failed,
            );
          });
        } catch (error) {
          failed(error);
        }
      });
      zip.readEntry();
    });
  } finally {
    zip.close();
  }
}

async function untar(bytes: AsyncIterable<Uint8Array>, archive: string, counter: Counter, claim: Claim) {
  const reader = extract();
  const feeding = pipeline(bytes, createGunzip({ chunkSize: pieceBytes }), guard(archive, counter), reader);
  // A failure of the feed also ends the loop below, with a less telling error.
  let cause: unknown;
  feeding.catch((error) => {
    cause = error;
  });
  try {
    for await (const entry of reader) {
      const target = entry.header.type === "file" ? claim(entry.header.name) : null;
      if (target) await pipeline(entry, target.digest, target.file);
      else entry.resume();
    }
    await feeding;
  } catch (error) {
    throw cause ?? error;
  }
}
