import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { signCheckpoint } from "./checkpoint";
import { logKey, logPublicKeys } from "./key";
import { appendOutside, parseOutside, readOutside } from "./outside";

const folder = mkdtempSync(path.join(tmpdir(), "countersign-outside-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { privateKey, publicKey } = logKey(folder);
const entry = (size: number) => ({
  note: signCheckpoint({ origin: "countersign/0123456789abcdef", size, root: Buffer.alloc(32, size) }, privateKey),
  at: "2026-01-02T03:04:05.006000Z",
  cause: "sign_off",
  database: "7/a%20b",
});

it("keeps the key in the data folder and finds it again", () => {
  expect(logKey(folder).publicKey.equals(publicKey)).toBe(true);
  expect(logPublicKeys(folder).map(({ key, until }) => [key.equals(publicKey), until])).toEqual([[true, null]]);
  expect(logPublicKeys(path.join(folder, "elsewhere"))).toEqual([]);
});

it("reads back what it appended, in a new folder as well", () => {
  const file = path.join(folder, "new", "checkpoints.txt");
  expect(readOutside(file)).toBeNull();
  for (const size of [1, 2, 3]) appendOutside(file, entry(size));
  expect(readOutside(file)).toEqual({ notes: [entry(1), entry(2), entry(3)], unread: false });
});

it("passes over a note that was cut off, and loses none after it", () => {
  const file = path.join(folder, "cut.txt");
  appendOutside(file, entry(1));
  const { note } = entry(2);
  for (const length of [3, 20, 40, 90, 121, note.length - 2]) {
    writeFileSync(file, `# at=x cause=y database=z\n${note.slice(0, length)}`);
    appendOutside(file, entry(3));
    expect(readOutside(file), String(length)).toEqual({ notes: [entry(3)], unread: true });
  }
});

it("reads plain notes without remarks", () => {
  expect(parseOutside(entry(4).note).notes).toEqual([{ note: entry(4).note }]);
  expect(parseOutside("")).toEqual({ notes: [], unread: false });
  expect(parseOutside("hello\n")).toEqual({ notes: [], unread: true });
});
