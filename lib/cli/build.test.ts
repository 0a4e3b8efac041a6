import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { transformSync } from "esbuild";
import { afterAll, expect, it } from "vitest";
import { leaveOutSources } from "./build";

const folder = mkdtempSync(path.join(tmpdir(), "countersign-maps-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("leaves the sources out of source maps, and an error still tells where in the source it was", () => {
  const source =
    "// A comment.\n\nconst secret: string = 'kept nowhere';\nconsole.log(new Error(secret.slice(20)).stack);\n";
  const { code, map } = transformSync(source, { loader: "ts", minify: true, sourcemap: true, sourcefile: "told.ts" });
  const chunks = path.join(folder, "chunks");
  mkdirSync(chunks);
  const [whole, parts] = ["whole.js", "parts.js"].map((name) => path.join(chunks, name)) as [string, string];
  const sections = [{ offset: { line: 0, column: 0 }, map: JSON.parse(map) as unknown }];
  for (const [file, of] of [
    [whole, map],
    [parts, JSON.stringify({ version: 3, sources: [], sections })],
  ] as const) {
    writeFileSync(file, `${code}//# sourceMappingURL=${path.basename(file)}.map\n`);
    writeFileSync(`${file}.map`, of);
  }
  expect(readFileSync(`${whole}.map`, "utf8")).toContain("A comment");
  leaveOutSources(folder);
  for (const file of [whole, parts]) {
    expect(readFileSync(`${file}.map`, "utf8")).not.toMatch(/sourcesContent|A comment/);
    const told = execFileSync(process.execPath, ["--enable-source-maps", file], { encoding: "utf8" });
    expect(told).toMatch(/told\.ts:4:\d+/);
  }
});
