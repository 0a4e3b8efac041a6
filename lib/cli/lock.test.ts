import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { processStamp } from "../db/processes";
import { Locked, takeLock } from "./lock";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "countersign-lock-"));
  file = path.join(folder, "server.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("is held once, says what its holder noted, and can be taken again after release", () => {
  const lock = takeLock(file);
  lock.note("http://127.0.0.1:3000");
  let refusal: unknown;
  try {
    takeLock(file);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(Locked);
  expect(refusal).toMatchObject({ pid: process.pid, note: "http://127.0.0.1:3000" });
  lock.release();
  takeLock(file).release();
  expect(readdirSync(folder)).toEqual([]);
});

it("is taken over from a process that is gone", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(file, JSON.stringify({ pid, stamp: "some boot:1", note: "" }));
  takeLock(file).release();
});

it("is taken over when the process id now belongs to another process", () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, stamp: "an earlier boot:1", note: "" }));
  takeLock(file).release();
});

it("is taken over from a file that was cut", () => {
  writeFileSync(file, '{"pid":');
  takeLock(file).release();
});

it("stays with a live process, whatever its file was before", () => {
  writeFileSync(file, JSON.stringify({ pid: process.ppid, stamp: processStamp(process.ppid), note: "there" }));
  expect(() => takeLock(file)).toThrow(Locked);
  expect(existsSync(file)).toBe(true);
});
