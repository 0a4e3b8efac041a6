import { buffer } from "node:stream/consumers";
import { crc32, deflateRawSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";

export type Files = Record<string, string | Buffer>;
export type TarEntry = { header: Parameters<Pack["entry"]>[0]; body?: string | Buffer };
/** `crc`, `declaredSize` and `flags` are what the entry says of itself where it lies; `stored`: not compressed. */
export type ZipEntry = {
  name: string;
  body: string | Buffer;
  crc?: number;
  declaredSize?: number;
  flags?: number;
  stored?: boolean;
};

export const tarEntries = (files: Files): TarEntry[] =>
  Object.entries(files).map(([name, body]) => ({ header: { name }, body }));

export const zipEntries = (files: Files): ZipEntry[] => Object.entries(files).map(([name, body]) => ({ name, body }));

export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { header, body } of entries) {
    if (body === undefined) archive.entry(header, "");
    else archive.entry(header, body);
  }
  archive.finalize();
  return buffer(archive);
}

/** A zip (APPNOTE.TXT 4.3), written by hand, so that it can lie. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, body, crc, declaredSize, flags, stored } of entries) {
    const plain = Buffer.from(body);
    const packed = stored ? plain : deflateRawSync(plain);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags ?? 0x800, 2);
    fields.writeUInt16LE(stored ? 0 : 8, 4);
    fields.writeUInt32LE(crc ?? crc32(plain), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(declaredSize ?? plain.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    local.push(Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed);
    central.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), fields, rest, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}
