import { createReadStream, existsSync, statSync } from "node:fs";
import path from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { bundleFiles } from "../formats/archive";
import { CliError } from "./connection";

/** A bundle's folder as one packed stream: only the files that belong to a bundle. */
function packFolder(folder: string): Readable {
  const files = bundleFiles.filter((name) => existsSync(path.join(folder, name)));
  if (!files.includes("bundle.json")) throw new CliError(2, `${folder} is no bundle: it has no bundle.json.`);
  const archive = pack();
  const out = new PassThrough();
  const fill = async () => {
    for (const name of files) {
      const file = path.join(folder, name);
      const entry = archive.entry({ name, size: statSync(file).size });
      await pipeline(createReadStream(file), entry);
    }
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  pipeline(archive, createGzip({ level: 1 }), out).catch((error: Error) => out.destroy(error));
  return out;
}

/** A source as a path names it: a file as it is, a bundle's folder packed. Throws CliError 2 when there is none. */
export function sourceAt(given: string): { body: Readable; fileName: string } {
  const full = path.resolve(given);
  if (!existsSync(full)) throw new CliError(2, `There is no ${given}.`);
  const fileName = path.basename(full);
  return statSync(full).isDirectory()
    ? { body: packFolder(full), fileName: `${fileName}.tar.gz` }
    : { body: createReadStream(full), fileName };
}
