import { createReadStream } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { canonicalJson } from "../digest";
import { Fault, type FaultPlace } from "../errors";
import { type Files, type TarEntry, tarEntries, tarOf, type ZipEntry, zipEntries, zipOf } from "../testing/archives";
import { bundleFiles } from "./archive";
import { type Format, openSource } from "./read";
import { Resolver } from "./resolve";
import type { SourceRow } from "./rows";
import { receiveUpload } from "./upload";

// Files beyond a limit of 50 or 100 MB are slow to pack on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

type Upload = { fileName: string; bytes: string | Buffer; format?: Format };
type Refused = FaultPlace & { message: RegExp };
type Accepted = Partial<Resolver["counts"]>;

/** What the import does with an upload before any of it reaches the database. */
async function countsOf(upload: Upload, keep: (row: SourceRow) => void = () => {}): Promise<Resolver["counts"]> {
  const folder = await mkdtemp(path.join(tmpdir(), "countersign-hostile-"));
  try {
    const file = path.join(folder, "upload");
    await writeFile(file, upload.bytes);
    const resolver = new Resolver();
    try {
      const work = path.join(folder, "unpacked");
      const received = await receiveUpload(createReadStream(file), upload.fileName, work);
      const source = await openSource(received, upload.fileName, upload.format ?? "auto");
      for await (const rows of source.rows(() => {})) {
        for (const row of rows) {
          resolver.resolve(row);
          keep(row);
        }
      }
    } finally {
      const written = (await readdir(folder, { recursive: true })).filter((name) => name !== "upload");
      const ours = ["unpacked", ...[...bundleFiles, "upload"].map((name) => path.join("unpacked", name))];
      expect(written.filter((name) => !ours.includes(name))).toEqual([]);
    }
    return resolver.counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refused(upload: Upload, { message, ...place }: Refused): Promise<void> {
  const error: unknown = await countsOf(upload).then(
    (counts) => ({ accepted: counts }),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  const fault = error as Fault;
  expect({ code: fault.code, message: fault.message, place: { ...fault.place } }).toEqual({
    code: "invalid",
    message: expect.stringMatching(message),
    place,
  });
  expect(fault.message.length).toBeLessThan(400);
  expect(fault.message).toMatch(/[.]$/);
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const lines = (values: readonly unknown[]) => values.map(line).join("");

const head = {
  format: "countersign-bundle/1",
  prompt: "support/answers",
  dataset: "support-eval",
  criteria: [{ key: "grounded" }],
  judges: [{ key: "judge", criterion: "grounded" }],
  versions: [{ key: "v1", content: { messages: [{ role: "user", content: "Answer." }] } }],
};
const output = { case: "c1", version: "v1", output: "a" };
const verdict = { case: "c1", version: "v1", judge: "judge", verdict: "pass" };
const review = { case: "c1", version: "v1", criterion: "grounded", reviewer: "r", verdict: "fail" };
const good: Files = {
  "bundle.json": JSON.stringify(head),
  "cases.jsonl": lines([{ case: "c1", input: "q" }]),
  "outputs.jsonl": lines([output]),
  "verdicts.jsonl": lines([verdict]),
  "reviews.jsonl": lines([review]),
};
const allOfIt: Accepted = { versions: 1, cases: 1, outputs: 1, verdicts: 1, reviews: 1 };

const gzipped = (content: Buffer | string): Upload => ({ fileName: "bundle.tar.gz", bytes: gzipSync(content) });

async function tarGz(entries: readonly TarEntry[]): Promise<Upload> {
  return gzipped(await tarOf(entries));
}

/** The good bundle with some of its files replaced. */
const bundle = (files: Files = {}) => tarGz(tarEntries({ ...good, ...files }));

const zipped = (entries: readonly ZipEntry[]): Upload => ({ fileName: "bundle.zip", bytes: zipOf(entries) });

const cut = (upload: Upload, keep: number): Upload => ({
  ...upload,
  bytes: Buffer.from(upload.bytes).subarray(0, keep < 0 ? upload.bytes.length + keep : keep),
});

const many = Array.from({ length: 1300 }, (_, i) => `c${i + 1}`);
/** A bundle of 1300 cases in which one line of the verdicts is `text`. */
const withVerdictLine = (number: number, text: string) => {
  const judged = many.map((key) => JSON.stringify({ ...verdict, case: key }));
  judged[number - 1] = text;
  return bundle({
    "cases.jsonl": lines(many.map((key) => ({ case: key, input: key }))),
    "outputs.jsonl": lines(many.map((key) => ({ ...output, case: key, output: "long ".repeat(200) }))),
    "verdicts.jsonl": judged.join("\n"),
    "reviews.jsonl": "",
  });
};

const cases = (text: string | Buffer) => bundle({ "cases.jsonl": text });
/** The good cases, and a line more. */
const caseLine = (text: string | Buffer) =>
  cases(Buffer.concat([Buffer.from(good["cases.jsonl"]!), Buffer.from(text), Buffer.from("\n")]));
const withHead = (changes: object) => bundle({ "bundle.json": JSON.stringify({ ...head, ...changes }) });
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part))));
const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const inCases = { file: "cases.jsonl", line: 2 };
const inHead = { file: "bundle.json", line: 1 };
const inTar = { file: "bundle.tar.gz" };
const inZip = { file: "bundle.zip" };

/** A bundle in which a judge and a reviewer compare two versions. */
const pairwiseHead = {
  ...head,
  criteria: [{ key: "grounded" }, { key: "better", kind: "preference" }],
  judges: [head.judges[0], { key: "pairs", criterion: "better" }],
  versions: [{ key: "v1" }, { key: "v2" }, { key: "v3" }],
};
const preference = { case: "c1", versions: ["v1", "v2"], judge: "pairs", prefer: "v2" };
const preferred = { case: "c1", versions: ["v1", "v2"], criterion: "better", reviewer: "r", prefer: "tie" };
const pairwise = (files: Files = {}) =>
  bundle({
    "bundle.json": JSON.stringify(pairwiseHead),
    "outputs.jsonl": lines([output, { ...output, version: "v2" }]),
    "verdicts.jsonl": lines([verdict, preference]),
    "reviews.jsonl": lines([review, preferred]),
    ...files,
  });
const badVerdict = (changes: object) => ({ "verdicts.jsonl": lines([verdict, { ...preference, ...changes }]) });
const badReview = (changes: object) => ({ "reviews.jsonl": lines([review, { ...preferred, ...changes }]) });
const inPairs = (field: string, message: RegExp) => ({ file: "verdicts.jsonl", line: 2, field, message });
const inPeople = (field: string, message: RegExp) => ({ file: "reviews.jsonl", line: 2, field, message });

const badPreferences: [string, Files, Refused][] = [
  ["an unknown version", badVerdict({ versions: ["v9", "v2"] }), inPairs("version", /“v9” is not in this source/)],
  ["one version twice", badVerdict({ versions: ["v2", "v2"] }), inPairs("versions", /names “v2” twice/)],
  ["one version", badVerdict({ versions: ["v2"] }), inPairs("versions", /must be the keys of the two versions/)],
  ["three versions", badReview({ versions: ["v1", "v2", "v3"] }), inPeople("versions", /keys of the two versions/)],
  ["a text for the versions", badVerdict({ versions: "v1" }), inPairs("versions", /keys of the two versions/)],
  ["no versions", badVerdict({ versions: undefined }), inPairs("versions", /keys of the two versions/)],
  ["a version of another type", badVerdict({ versions: ["v1", 2] }), inPairs("versions.1", /expected string/)],
  ["for a third version", badVerdict({ prefer: "v3" }), inPairs("prefer", /must be “v1”, “v2” or “tie”/)],
  ["for a side", badReview({ prefer: "A" }), inPeople("prefer", /must be “v1”, “v2” or “tie”/)],
  ["for nothing", badVerdict({ prefer: null }), inPairs("prefer", /either prefer or a verdict/)],
  ["preferred and an error at once", badVerdict({ verdict: "error" }), inPairs("prefer", /either prefer or a verdict/)],
  ["passed", badVerdict({ verdict: "pass", prefer: null }), inPairs("verdict", /^verdict must be error, or left out/)],
  ["a person's error", badReview({ verdict: "error", prefer: null }), inPeople("verdict", /must be unsure/)],
  ["one version and two", badVerdict({ version: "v1" }), inPairs("version", /either one version or two/)],
  [
    "a version called tie",
    {
      "bundle.json": JSON.stringify(pairwiseHead).replace('"v3"', '"tie"'),
      ...badVerdict({ versions: ["v1", "tie"] }),
    },
    inPairs("versions", /called “tie”/),
  ],
  ["no output of one version", badVerdict({ versions: ["v3", "v2"] }), inPairs("case", /no output .* by version “v3”/)],
  ["on a pass/fail criterion", badVerdict({ judge: "judge" }), inPairs("version", /“grounded” is pass or fail/)],
  ["of a person on a pass/fail criterion", badReview({ criterion: "grounded" }), inPeople("version", /pass or fail/)],
  [
    "a verdict on a preference criterion",
    { "verdicts.jsonl": lines([{ ...verdict, judge: "pairs" }]) },
    { file: "verdicts.jsonl", line: 1, field: "versions", message: /“better” is a preference/ },
  ],
  [
    "a review on a preference criterion",
    { "reviews.jsonl": lines([{ ...review, criterion: "better" }]) },
    { file: "reviews.jsonl", line: 1, field: "versions", message: /“better” is a preference/ },
  ],
  [
    "one that stands twice",
    { "verdicts.jsonl": lines([preference, verdict, preference]) },
    { file: "verdicts.jsonl", line: 3, field: "case", message: /between “v1” and “v2” stands twice: lines 1 and 3/ },
  ],
  [
    "a person's that stands twice",
    { "reviews.jsonl": lines([preferred, { ...preferred, prefer: "v1" }]) },
    { file: "reviews.jsonl", line: 2, field: "case", message: /of “r” .* stands twice: lines 1 and 2/ },
  ],
  [
    "a criterion of an unknown kind",
    { "bundle.json": JSON.stringify({ ...pairwiseHead, criteria: [{ key: "better", kind: "ranking" }] }) },
    { ...inHead, field: "criteria.0.kind", message: /must be pass_fail or preference/ },
  ],
];

const badBundles: [string, () => Upload | Promise<Upload>, Refused][] = [
  [
    "broken JSON on line 1234",
    () => withVerdictLine(1234, '{"case": "c1234", "version": "v1", '),
    { file: "verdicts.jsonl", line: 1234, message: /^This is not valid JSON: / },
  ],
  [
    "an unknown verdict on line 1234",
    () => withVerdictLine(1234, JSON.stringify({ ...verdict, case: "c1234", verdict: "maybe" })),
    { file: "verdicts.jsonl", line: 1234, field: "verdict", message: /^verdict must be pass, fail or error\.$/ },
  ],
  [
    "a verdict in capitals",
    () => bundle({ "reviews.jsonl": lines([{ ...review, verdict: "PASS" }]) }),
    { file: "reviews.jsonl", line: 1, field: "verdict", message: /must be pass, fail or unsure/ },
  ],
  [
    "neither verdict nor score",
    () => bundle({ "verdicts.jsonl": lines([{ ...verdict, verdict: null }]) }),
    { file: "verdicts.jsonl", line: 1, field: "verdict", message: /a verdict or a score/ },
  ],
  [
    "a score for a judge without threshold",
    () => bundle({ "verdicts.jsonl": lines([{ ...verdict, verdict: undefined, score: 0.5 }]) }),
    { file: "verdicts.jsonl", line: 1, field: "score", message: /“judge” has no threshold/ },
  ],
  [
    "a case that stands twice",
    () => caseLine(JSON.stringify({ case: "c1", input: "other" })),
    { ...inCases, field: "case", message: /“c1” stands twice: first in cases\.jsonl line 1/ },
  ],
  [
    "an output that stands twice",
    () => bundle({ "outputs.jsonl": lines([output, output]) }),
    { file: "outputs.jsonl", line: 2, field: "case", message: /output of case “c1” .* stands twice: lines 1 and 2/ },
  ],
  [
    "a verdict that stands twice",
    () => bundle({ "verdicts.jsonl": `${line(verdict)}\n${line(verdict)}` }),
    { file: "verdicts.jsonl", line: 3, field: "case", message: /stands twice: lines 1 and 3/ },
  ],
  [
    "a review that stands twice",
    () => bundle({ "reviews.jsonl": lines([review, review]) }),
    { file: "reviews.jsonl", line: 2, field: "case", message: /review by “r” .* stands twice: lines 1 and 2/ },
  ],
  [
    "a version that stands twice",
    () => withHead({ versions: [head.versions[0], head.versions[0]] }),
    { ...inHead, field: "version", message: /“v1” stands twice/ },
  ],
  [
    "an output by an unknown version",
    () => bundle({ "outputs.jsonl": lines([{ ...output, version: "v9" }]) }),
    { file: "outputs.jsonl", line: 1, field: "version", message: /“v9” is not in this source/ },
  ],
  [
    "an output of an unknown case",
    () => bundle({ "outputs.jsonl": lines([output, { ...output, case: "c9" }]) }),
    { file: "outputs.jsonl", line: 2, field: "case", message: /“c9” is not in this source/ },
  ],
  [
    "a verdict by an unknown judge",
    () => bundle({ "verdicts.jsonl": lines([{ ...verdict, judge: "nobody" }]) }),
    { file: "verdicts.jsonl", line: 1, field: "judge", message: /“nobody” is not in this source/ },
  ],
  [
    "a review on an unknown criterion",
    () => bundle({ "reviews.jsonl": lines([{ ...review, criterion: "charm" }]) }),
    { file: "reviews.jsonl", line: 1, field: "criterion", message: /“charm” is not in this source/ },
  ],
  [
    "a judge of an unknown criterion",
    () => withHead({ judges: [{ key: "judge", criterion: "charm" }] }),
    { ...inHead, field: "criterion", message: /“charm” is not in this source/ },
  ],
  [
    "a verdict on what has no output",
    () => bundle({ "outputs.jsonl": "" }),
    { file: "verdicts.jsonl", line: 1, field: "case", message: /no output of case “c1”/ },
  ],
  [
    "an output and an error at once",
    () => bundle({ "outputs.jsonl": lines([{ ...output, error: "e" }]) }),
    { file: "outputs.jsonl", line: 1, field: "output", message: /either an output or an error/ },
  ],
  [
    "a required field that is missing",
    () => caseLine('{"case":"c2"}'),
    { ...inCases, field: "input", message: /^input must be text or an object/ },
  ],
  [
    "a required field of bundle.json that is missing",
    () => withHead({ dataset: undefined }),
    { ...inHead, field: "dataset", message: /^dataset .*expected string/ },
  ],
  [
    "a field deep in bundle.json of the wrong type",
    () => withHead({ versions: [...head.versions, { key: 2 }] }),
    { ...inHead, field: "versions.1.key", message: /^versions\.1\.key .*expected string/ },
  ],
  [
    "a key of the wrong type",
    () => caseLine('{"case":7,"input":"q"}'),
    { ...inCases, field: "case", message: /expected string/ },
  ],
  [
    "an empty key",
    () => caseLine('{"case":"","input":"q"}'),
    { ...inCases, field: "case", message: /must not be empty/ },
  ],
  [
    "a key that is far too long",
    () => caseLine(JSON.stringify({ case: "k".repeat(501), input: "q" })),
    { ...inCases, field: "case", message: /500/ },
  ],
  ["a line that is a list", () => caseLine("[1,2]"), { ...inCases, message: /^The line .*object/ }],
  [
    "a time that is none",
    () => bundle({ "outputs.jsonl": lines([{ ...output, at: "2026-02-30T00:00:00Z" }]) }),
    { file: "outputs.jsonl", line: 1, field: "at", message: /must be a time/ },
  ],
  [
    "fewer than no tokens",
    () => bundle({ "outputs.jsonl": lines([{ ...output, inputTokens: -1 }]) }),
    { file: "outputs.jsonl", line: 1, field: "inputTokens", message: />=\s?0/ },
  ],
  [
    "a NUL byte",
    () => caseLine(bytes('{"case":"c', 0, '","input":"q"}')),
    { ...inCases, message: /contains a NUL character/ },
  ],
  [
    "an escaped NUL",
    () => caseLine('{"case":"c2","input":{"a":["\\u0000"]}}'),
    { ...inCases, field: "input.a", message: /contains a NUL character/ },
  ],
  [
    "a byte that is no UTF-8",
    () => caseLine(bytes('{"case":"c', 0xff, '","input":"q"}')),
    { ...inCases, message: /not valid UTF-8/ },
  ],
  [
    "UTF-8 cut in the middle of a character, at the end of the file",
    () => cases(bytes(good["cases.jsonl"] as string, '{"case":"c2","input":"', 0xe2, 0x82)),
    { ...inCases, message: /not valid UTF-8/ },
  ],
  [
    "half a surrogate pair, escaped",
    () => caseLine('{"case":"c2","input":"\\ud83d"}'),
    { ...inCases, field: "input", message: /half of a surrogate pair/ },
  ],
  [
    "half a surrogate pair, as bytes",
    () => caseLine(bytes('{"case":"c2","input":"', 0xed, 0xa0, 0xbd, '"}')),
    { ...inCases, message: /not valid UTF-8/ },
  ],
  ["UTF-16", () => cases(Buffer.from("\ufeff{}", "utf16le")), { ...inCases, line: 1, message: /not valid UTF-8/ }],
  ["a BOM before the second line", () => caseLine('\ufeff{"case":"c2"}'), { ...inCases, message: /not valid JSON/ }],
  [
    "a number out of range",
    () => caseLine('{"case":"c2","input":{"n":1e400}}'),
    { ...inCases, field: "input.n", message: /The number 1e400 is out of range/ },
  ],
  ["NaN", () => caseLine('{"case":"c2","input":{"n":NaN}}'), { ...inCases, message: /not valid JSON: .*N/ }],
  ["Infinity", () => caseLine('{"case":"c2","input":{"n":-Infinity}}'), { ...inCases, message: /not valid JSON/ }],
  [
    "nesting of 10000",
    () => caseLine(`{"case":"c2","input":${nested(10_000)}}`),
    { ...inCases, message: /nested more than 200 deep/ },
  ],
  [
    "a million brackets that nothing closes",
    () => caseLine("[".repeat(1_000_000)),
    { ...inCases, message: /nested more than 200 deep/ },
  ],
  [
    "a line of more than 50 MB",
    () => caseLine(Buffer.alloc(51 * 1024 * 1024, "a")),
    { ...inCases, message: /longer than 50 MB/ },
  ],
  [
    "a bundle.json of more than 50 MB",
    () => bundle({ "bundle.json": Buffer.alloc(51 * 1024 * 1024, " ") }),
    { ...inHead, message: /larger than 50 MB/ },
  ],
  [
    "a key that stands twice in one object",
    () => caseLine('{"case":"c2","input":{"a":1,"a":2}}'),
    { ...inCases, field: "input.a", message: /The key “a” stands twice/ },
  ],
  [
    "a key that stands twice, once escaped",
    () => caseLine('{"case":"c2","input":"q","c\\u0061se":"c3"}'),
    { ...inCases, field: "case", message: /The key “case” stands twice/ },
  ],
  [
    "bundle.json broken on its third line",
    () => bundle({ "bundle.json": '{\n "format": "countersign-bundle/1",\n "prompt" "p"\n}\n' }),
    { file: "bundle.json", line: 3, message: /^This is not valid JSON: [^"]+$/ },
  ],
  [
    "bundle.json cut",
    () => bundle({ "bundle.json": JSON.stringify(head).slice(0, -9) }),
    { ...inHead, message: /not valid JSON/ },
  ],
  ["bundle.json empty", () => bundle({ "bundle.json": "" }), { ...inHead, message: /not valid JSON/ }],
  [
    "a number out of range on the fourth line of bundle.json",
    () => bundle({ "bundle.json": JSON.stringify(head, null, 1).replace('"support-eval"', "1e999") }),
    { file: "bundle.json", line: 4, field: "dataset", message: /out of range/ },
  ],
  [
    "the last line cut",
    () => cases(`${good["cases.jsonl"]}{"case":"c2","inp`),
    { ...inCases, message: /not valid JSON/ },
  ],
  [
    "no bundle.json",
    () => tarGz(tarEntries({ "cases.jsonl": good["cases.jsonl"]! })),
    { file: "bundle.json", message: /there is none/ },
  ],
  [
    "no cases.jsonl",
    () => tarGz(tarEntries({ "bundle.json": good["bundle.json"]! })),
    { file: "cases.jsonl", message: /there is none/ },
  ],
  ...badPreferences.map(([name, changes, expected]): (typeof badBundles)[number] => [
    `preferences: ${name}`,
    () => pairwise(changes),
    expected,
  ]),
  [
    "a format of a later day",
    () => withHead({ format: "countersign-bundle/2" }),
    { ...inHead, field: "format", message: /^format must be "countersign-bundle\/1"\.$/ },
  ],
  [
    "a bundle.json of something else",
    () => bundle({ "bundle.json": '{"name":"webpack"}' }),
    { ...inHead, field: "format", message: /^format must be/ },
  ],
];

const climbing = ["../cases.jsonl", "a/../../cases.jsonl", "/abs/cases.jsonl", "C:\\cases.jsonl", "..\\cases.jsonl"];
const points = /points outside of it/;

const badArchives: [string, () => Upload | Promise<Upload>, Refused][] = [
  ...climbing.flatMap((name): typeof badArchives => [
    [
      `a tar with an entry ${name}`,
      () => tarGz([...tarEntries(good), { header: { name }, body: "x" }]),
      { ...inTar, message: points },
    ],
    [
      `a zip with an entry ${name}`,
      () => zipped([...zipEntries(good), { name, body: "x" }]),
      { ...inZip, message: points },
    ],
  ]),
  [
    "a tar that begins with an entry that climbs, before much else",
    () =>
      tarGz([
        { header: { name: "../x" }, body: "x" },
        { header: { name: "big" }, body: Buffer.alloc(4_000_000, "x") },
      ]),
    { ...inTar, message: points },
  ],
  [
    "a symbolic link in the place of the cases",
    () =>
      tarGz([
        ...tarEntries(good).filter(({ header }) => header.name !== "cases.jsonl"),
        { header: { name: "cases.jsonl", type: "symlink", linkname: "../secret" } },
      ]),
    { file: "cases.jsonl", message: /there is none/ },
  ],
  [
    "a hard link in the place of the cases",
    () =>
      tarGz([
        ...tarEntries(good).filter(({ header }) => header.name !== "cases.jsonl"),
        { header: { name: "cases.jsonl", type: "link", linkname: "/secret" } },
      ]),
    { file: "cases.jsonl", message: /there is none/ },
  ],
  [
    "one file twice in a tar",
    () => tarGz([...tarEntries(good), ...tarEntries({ "./cases.jsonl": "" })]),
    { ...inTar, message: /holds cases\.jsonl twice/ },
  ],
  [
    "one file twice in a zip",
    () => zipped([...zipEntries(good), { name: "./cases.jsonl", body: "" }]),
    { ...inZip, message: /holds cases\.jsonl twice/ },
  ],
  [
    "files of two folders that make one bundle together",
    () => tarGz(tarEntries({ "a/bundle.json": good["bundle.json"]!, "b/cases.jsonl": good["cases.jsonl"]! })),
    { ...inTar, message: /more than one folder/ },
  ],
  ["an empty zip", () => zipped([]), { ...inZip, message: /holds none of bundle\.json/ }],
  ["an empty tar", () => tarGz([]), { ...inTar, message: /holds none of bundle\.json/ }],
  [
    "a bundle too deep in folders",
    () => tarGz(tarEntries({ "a/b/bundle.json": good["bundle.json"]! })),
    { ...inTar, message: /holds none of bundle\.json/ },
  ],
  ["a zip cut at its end", () => cut(zipped(zipEntries(good)), -30), { ...inZip, message: /broken or cut short/ }],
  ["a zip cut in its middle", () => cut(zipped(zipEntries(good)), 200), { ...inZip, message: /broken or cut short/ }],
  ["a zip cut after four bytes", () => cut(zipped(zipEntries(good)), 4), { ...inZip, message: /broken or cut short/ }],
  ["a gzip cut at its end", async () => cut(await bundle(), -9), { ...inTar, message: /broken or cut short/ }],
  ["a gzip cut after two bytes", async () => cut(await bundle(), 2), { ...inTar, message: /broken or cut short/ }],
  [
    "a gzip with a changed byte",
    async () => {
      const upload = await bundle();
      const changed = Buffer.from(upload.bytes);
      changed[changed.length - 6]! ^= 1;
      return { ...upload, bytes: changed };
    },
    { ...inTar, message: /broken or cut short/ },
  ],
  [
    "a tar cut within a file",
    async () => gzipped((await tarOf(tarEntries(good))).subarray(0, 700)),
    { ...inTar, message: /broken or cut short/ },
  ],
  [
    "a tar cut within a header",
    async () => gzipped((await tarOf(tarEntries(good))).subarray(0, 2048 + 300)),
    { ...inTar, message: /broken or cut short/ },
  ],
  ["a gzip that is no tar", () => gzipped("{}".repeat(600)), { ...inTar, message: /broken or cut short/ }],
  [
    "a zip whose file is larger than it says",
    () => zipped([{ name: "bundle.json", body: good["bundle.json"]!, declaredSize: 5 }]),
    { ...inZip, message: /broken or cut short/ },
  ],
  [
    "a zip whose file is not what was packed",
    () => zipped(zipEntries(good).map((entry) => (entry.name === "cases.jsonl" ? { ...entry, crc: 1 } : entry))),
    { ...inZip, message: /broken or cut short: cases\.jsonl is not what was packed/ },
  ],
  [
    "a zip under a password",
    () => zipped(zipEntries(good).map((entry) => ({ ...entry, flags: 0x801 }))),
    { ...inZip, message: /encrypted/ },
  ],
  [
    "a zip bomb",
    () => zipped(zipEntries({ "reviews.jsonl": Buffer.alloc(110 * 1024 * 1024, "\n") })),
    { ...inZip, message: /unpacks to far more than its own size/ },
  ],
  [
    "a gzip bomb in an entry that is not ours",
    () => tarGz([{ header: { name: "padding" }, body: Buffer.alloc(110 * 1024 * 1024) }, ...tarEntries(good)]),
    { ...inTar, message: /unpacks to far more than its own size/ },
  ],
  [
    "an archive where promptfoo's results were announced",
    async () => ({ ...(await bundle()), format: "promptfoo" }),
    { ...inTar, message: /not an archive/ },
  ],
  [
    "a bundle.json alone",
    () => ({ fileName: "bundle.json", bytes: good["bundle.json"]!, format: "bundle" }),
    { file: "bundle.json", message: /a \.zip or \.tar\.gz of its folder/ },
  ],
];

const goodBundles: [string, () => Upload | Promise<Upload>, Accepted][] = [
  ["as a tar", () => bundle(), allOfIt],
  ["as a zip", () => zipped(zipEntries(good)), allOfIt],
  ["with preferences", () => pairwise(), { versions: 3, cases: 1, outputs: 2, verdicts: 2, reviews: 2 }],
  [
    "with one pair in both orders",
    () => pairwise({ "verdicts.jsonl": lines([preference, { ...preference, versions: ["v2", "v1"] }]) }),
    { verdicts: 2 },
  ],
  [
    "with an error and an unsure in the place of a preference",
    () =>
      pairwise({
        "verdicts.jsonl": lines([{ ...preference, prefer: undefined, verdict: "error" }]),
        "reviews.jsonl": lines([{ ...preferred, prefer: undefined, verdict: "unsure" }]),
      }),
    { verdicts: 1, reviews: 1 },
  ],
  [
    "in the one folder that was packed",
    () => tarGz(tarEntries(Object.fromEntries(Object.entries(good).map(([name, body]) => [`./export/${name}`, body])))),
    allOfIt,
  ],
  [
    "with a BOM in every file",
    () => bundle(Object.fromEntries(Object.entries(good).map(([name, body]) => [name, `\ufeff${body}`]))),
    allOfIt,
  ],
  [
    "with lines that end in CR LF",
    () => cases('{"case":"c1","input":"q"}\r\n{"case":"c2","input":"q"}\r\n'),
    { ...allOfIt, cases: 2 },
  ],
  [
    "with a truth and a number as outputs",
    () =>
      pairwise({
        "outputs.jsonl": lines([
          { ...output, output: true },
          { ...output, version: "v2", output: 4.5 },
        ]),
      }),
    { outputs: 2 },
  ],
  ["with blank lines, the last too", () => cases(`\n${good["cases.jsonl"]}\n \r\n\n`), allOfIt],
  ["without a line feed at the end", () => cases((good["cases.jsonl"] as string).trimEnd()), allOfIt],
  [
    "with empty files where nothing was to tell",
    () => bundle({ "verdicts.jsonl": "", "reviews.jsonl": "\n" }),
    { ...allOfIt, verdicts: 0, reviews: 0 },
  ],
  ["with numbers such as -0", () => caseLine('{"case":"c2","input":{"n":[-0,-0.0,1e-400]}}'), { ...allOfIt, cases: 2 }],
  ["with nesting of 150", () => caseLine(`{"case":"c2","input":${nested(150)}}`), { ...allOfIt, cases: 2 }],
  ["with a whole surrogate pair, escaped", () => caseLine('{"case":"c2","input":"\\ud83d\\ude00"}'), { cases: 2 }],
  [
    "with a thousand entries that are not ours",
    () => zipped([...zipEntries(good), ...many.slice(0, 1000).map((name) => ({ name: `notes/${name}`, body: "" }))]),
    allOfIt,
  ],
  [
    "with a symbolic link that is not ours",
    () => tarGz([...tarEntries(good), { header: { name: "readme", type: "symlink", linkname: "../../secret" } }]),
    allOfIt,
  ],
];

const prompts = [
  { id: "p1", raw: "Answer {{q}}", label: "v1", provider: "echo" },
  { id: "p2", raw: "Reply {{q}}", label: "v2", provider: "echo" },
];
const result = (testIdx: number, promptIdx = 0) => ({
  promptIdx,
  testIdx,
  vars: { q: `q${testIdx}` },
  response: { output: "a" },
  success: true,
  failureReason: 0,
});
const document = (results: object = {}) => ({
  evalId: "e",
  results: { version: 3, prompts, results: [result(0), result(1)], ...results },
});
const bothCases: Accepted = { versions: 2, cases: 2, outputs: 2, verdicts: 2, reviews: 0 };
const json = (content: unknown): Upload => ({
  fileName: "results.json",
  bytes: typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content, null, 2),
});
const jsonl = (content: string | Buffer): Upload => ({ fileName: "results.jsonl", bytes: content });
/** The document as text, with `from` in it replaced by `to`. */
const edited = (from: string, to: string) => {
  const text = JSON.stringify(document(), null, 2);
  expect(text).toContain(from);
  return json(text.replace(from, () => to));
};
const lineOf = (part: string, nth = 1) =>
  JSON.stringify(document(), null, 2).split(part).slice(0, nth).join(part).split("\n").length;

const inJson = { file: "results.json" };
const inJsonl = { file: "results.jsonl" };
const second = { file: "results.json", line: lineOf('"promptIdx"', 2) - 1 };

const badPromptfoo: [string, () => Upload, Refused][] = [
  ["an empty file", () => json(""), { ...inJson, message: /^The file is empty\.$/ }],
  ["nothing but blank lines", () => json("\n\n"), { ...inJson, line: 3, message: /ends in the middle/ }],
  ["a file that is not JSON", () => json("a,b\n1,2\n"), { ...inJson, line: 1, message: /A JSON object was expected/ }],
  [
    "a file that is not JSON, nor named so",
    () => ({ fileName: "grades.csv", bytes: "a,b\n1,2\n" }),
    { file: "grades.csv", message: /not of a format that is known here.*\(\.zip, \.tar\.gz\).*\(\.json, \.jsonl\)/ },
  ],
  [
    "a picture that is called a zip",
    () => ({ fileName: "bundle.ZIP", bytes: Buffer.from("\x89PNG\r\n\x1a\n", "latin1") }),
    { file: "bundle.ZIP", message: /^This is not a \.zip that can be read\. / },
  ],
  [
    "a text that is called a tar",
    () => ({ fileName: "bundle.tar.gz", bytes: "not packed" }),
    { file: "bundle.tar.gz", message: /^This is not a \.tar\.gz that can be read\. / },
  ],
  ["a JSON text", () => json('"results"'), { ...inJson, line: 1, message: /A JSON object was expected/ }],
  [
    "some other JSON",
    () => json({ name: "webpack", version: "5" }),
    { ...inJson, line: 1, field: "results.prompts", message: /no list results\.prompts/ },
  ],
  [
    "version 2, whose prompts stand in a table",
    () => json({ version: 2, results: { version: 2, results: [result(0)], table: { head: { prompts } } } }),
    { ...inJson, line: 1, field: "results.prompts", message: /results version 3/ },
  ],
  [
    "no results",
    () => json(document({ results: undefined })),
    { ...inJson, line: 1, field: "results.results", message: /no results in the file/ },
  ],
  [
    "an empty list of results",
    () => json(document({ results: [] })),
    { ...inJson, line: 1, field: "results.results", message: /no results in the file/ },
  ],
  [
    "results that are a text",
    () => json({ evalId: "e", results: "none" }),
    { ...inJson, line: 1, field: "results.prompts", message: /no list results\.prompts/ },
  ],
  [
    "a result that is no object",
    () => json(document({ results: [result(0), 7] })),
    { ...inJson, line: second.line, field: "results.results", message: /not an object/ },
  ],
  [
    "a prompt that is no object",
    () => json(document({ prompts: ["Answer", ...prompts] })),
    { ...inJson, line: 6, field: "results.prompts", message: /not an object/ },
  ],
  [
    "a prompt of the wrong type",
    () => edited('"raw": "Answer {{q}}"', '"raw": 7'),
    { ...inJson, line: 6, field: "results.prompts", message: /not as promptfoo writes it/ },
  ],
  [
    "a prompt index out of range",
    () => json(document({ results: [result(0), result(1, 2)] })),
    { ...second, field: "promptIdx", message: /promptIdx 2 is not in the list of prompts/ },
  ],
  [
    "a prompt index below zero",
    () => json(document({ results: [result(0), result(1, -1)] })),
    { ...second, field: "promptIdx", message: /promptIdx/ },
  ],
  [
    "a result that says nothing of success",
    () => json(document({ results: [result(0), { ...result(1), success: undefined }] })),
    { ...second, field: "success", message: /^Record 2: success: .*promptfoo result/ },
  ],
  [
    "a result of the wrong type, all on one line",
    () => json(JSON.stringify(document({ results: [result(0), { ...result(1), success: "yes" }] }))),
    { ...inJson, line: 1, field: "success", message: /^Record 2: success: / },
  ],
  [
    "a result that stands twice",
    () => json(document({ results: [result(0), result(0)] })),
    { ...second, field: "case", message: /stands twice/ },
  ],
  [
    "a comma too many within a result",
    () => edited('"q": "q1"', '"q": "q1",'),
    { ...inJson, line: lineOf('"q": "q1"') + 1, message: /^Record 2: This is not valid JSON/ },
  ],
  [
    "a comma missing between results",
    () => json(JSON.stringify(document()).replace('},{"promptIdx"', '}\n{"promptIdx"')),
    { ...inJson, line: 2, message: /not valid JSON/ },
  ],
  [
    "a colon missing outside of the results",
    () => edited('"evalId":', '"evalId"'),
    { ...inJson, line: 2, message: /not valid JSON/ },
  ],
  [
    "a word that is none, outside of the results",
    () => edited('"version": 3', '"version": NaN'),
    { ...inJson, line: 4, message: /not valid JSON: “NaN”/ },
  ],
  [
    "a bracket that closes another",
    () => json('{"results":{"prompts":[{}}}'),
    { ...inJson, line: 1, message: /closes what was not opened/ },
  ],
  [
    "a list of results that stands twice",
    () => json(JSON.stringify(document()).replace('"results":[', '"results":[],\n"results":[')),
    { ...inJson, line: 2, field: "results.results", message: /“results” stands twice/ },
  ],
  [
    "the whole of the results twice",
    () => edited('"evalId": "e"', '"results": {}'),
    { ...inJson, line: 3, field: "results", message: /“results” stands twice/ },
  ],
  [
    "a key that stands twice in a result",
    () => edited('"q": "q1"', '"q": "q1", "q": "q2"'),
    { ...inJson, line: lineOf('"q": "q1"'), field: "vars.q", message: /^Record 2: The key “q” stands twice/ },
  ],
  [
    "a document cut in a result",
    () => json(JSON.stringify(document(), null, 2).slice(0, -60)),
    { ...inJson, line: lineOf('"success"', 2), message: /ends in the middle/ },
  ],
  [
    "a document and then another",
    () => json(`${JSON.stringify(document())}\n{}`),
    { ...inJson, line: 2, message: /more after the end/ },
  ],
  [
    "a NUL byte in a result",
    () => edited('"q": "q1"', '"q": "\0"'),
    { ...inJson, line: second.line, message: /NUL character/ },
  ],
  [
    "an escaped NUL in a result",
    () => edited('"q": "q1"', '"q": "\\u0000"'),
    { ...inJson, line: lineOf('"q": "q1"'), field: "vars.q", message: /NUL character/ },
  ],
  [
    "half a surrogate pair in a result",
    () => edited('"q": "q1"', '"q": "\\udc00"'),
    { ...inJson, line: lineOf('"q": "q1"'), field: "vars.q", message: /surrogate pair/ },
  ],
  [
    "a byte in a result that is no UTF-8",
    () => json(Buffer.from(JSON.stringify(document(), null, 2).replace("q1", "\xff"), "latin1")),
    { ...inJson, line: second.line, message: /not valid UTF-8/ },
  ],
  [
    "a number out of range in a result",
    () => edited('"q": "q1"', '"q": 1e400'),
    { ...inJson, line: lineOf('"q": "q1"'), field: "vars.q", message: /1e400 is out of range/ },
  ],
  [
    "nesting of 10000 in a result",
    () => edited('"q1"', nested(10_000)),
    { ...second, message: /nested more than 200 deep/ },
  ],
  [
    "nesting of 10000 outside of the results",
    () => edited('"e"', nested(10_000)),
    { ...inJson, line: 2, message: /nested more than 200 deep/ },
  ],
  [
    "a million brackets that nothing closes",
    () => json(`{"results":{"prompts":[{"a":${"[".repeat(1_000_000)}`),
    { ...inJson, line: 1, message: /ends in the middle|nested more than/ },
  ],
  [
    "a result of more than 50 MB",
    () => edited('"q1"', `"${"a".repeat(51 * 1024 * 1024)}"`),
    { ...second, message: /larger than 50 MB/ },
  ],
  [
    "JSONL broken on line 1234",
    () => jsonl(many.map((_, i) => (i === 1233 ? '{"promptIdx":0,' : JSON.stringify(result(i)))).join("\n")),
    { ...inJsonl, line: 1234, message: /^This is not valid JSON/ },
  ],
  [
    "JSONL broken on its first line",
    () => jsonl(`{"promptIdx":0,,}\n${line(result(1))}`),
    { ...inJsonl, line: 1, message: /^This is not valid JSON/ },
  ],
  [
    "JSONL cut in its only line",
    () => jsonl('{"promptIdx":0,"testIdx":0'),
    { ...inJsonl, line: 1, message: /^This is not valid JSON/ },
  ],
  [
    "JSONL of something else",
    () => jsonl(lines([{ level: "info" }])),
    { ...inJsonl, line: 1, field: "promptIdx", message: /does not look like a promptfoo result/ },
  ],
  [
    "JSONL with a result that stands twice",
    () => jsonl(lines([result(0), result(1), result(0)])),
    { ...inJsonl, line: 3, field: "case", message: /stands twice: lines 1 and 3/ },
  ],
  [
    "JSONL with a prompt index that is no whole number",
    () => jsonl(lines([result(0), { ...result(1), promptIdx: 0.5 }])),
    { ...inJsonl, line: 2, field: "promptIdx", message: /promptIdx/ },
  ],
  [
    "JSONL with a line of more than 50 MB",
    () => jsonl(`${line(result(0))}{"a":"${"a".repeat(51 * 1024 * 1024)}"}\n`),
    { ...inJsonl, line: 2, message: /longer than 50 MB/ },
  ],
];

const goodPromptfoo: [string, () => Upload, Accepted][] = [
  ["as JSON", () => json(document()), bothCases],
  ["as JSON on one line", () => json(JSON.stringify(document())), bothCases],
  ["as JSON with a BOM", () => json(`\ufeff${JSON.stringify(document())}`), bothCases],
  ["as JSON with CR LF", () => json(JSON.stringify(document(), null, 2).replaceAll("\n", "\r\n")), bothCases],
  [
    "as JSON with the prompts after the results",
    () => json({ results: { results: [result(0), result(1)], prompts } }),
    bothCases,
  ],
  [
    "as JSON with every kind of value around them",
    () => json({ a: [1, -0.5e3, true, null, 'x\\"', [], {}, [{}]], ...document(), z: { results: { results: [7] } } }),
    bothCases,
  ],
  ["as JSON with a key that only looks like a path", () => json({ "results.results": [7], ...document() }), bothCases],
  ["as JSONL", () => jsonl(lines([result(0), result(1)])), { ...bothCases, versions: 1 }],
  [
    "as JSONL with a BOM, CR LF and a blank last line",
    () => jsonl(`\ufeff${lines([result(0), result(1)]).replaceAll("\n", "\r\n")}\r\n`),
    { ...bothCases, versions: 1 },
  ],
  ["as JSONL whose name does not say so", () => json(lines([result(0), result(1)])), { ...bothCases, versions: 1 }],
  ["as JSON whose name says otherwise", () => jsonl(JSON.stringify(document(), null, 2)), bothCases],
];

describe("a bundle is refused, with its place", () => {
  it.each(badBundles)("%s", async (_name, make, expected) => refused(await make(), expected));
});

describe("an archive is refused", () => {
  it.each(badArchives)("%s", async (_name, make, expected) => refused(await make(), expected));
});

describe("promptfoo results are refused, with their place", () => {
  it.each(badPromptfoo)("%s", async (_name, make, expected) => refused(make(), expected));
});

describe("what only looks hostile is accepted", () => {
  it.each(goodBundles)("a bundle %s", async (_name, make, expected) => {
    expect(await countsOf(await make())).toMatchObject(expected);
  });
  it.each(goodPromptfoo)("promptfoo results %s", async (_name, make, expected) => {
    expect(await countsOf(make())).toEqual(expected);
  });
});

describe("keys that JavaScript has a meaning for are kept like any other", () => {
  const odd = '{"__proto__":{"a":1},"constructor":2,"toString":3}';
  const kept = async (upload: Upload) => {
    const rows: SourceRow[] = [];
    await countsOf(upload, (row) => rows.push(row));
    expect(({} as Record<string, unknown>).a).toBeUndefined();
    return rows;
  };

  it("in a bundle", async () => {
    const rows = await kept(
      await bundle({
        "bundle.json": JSON.stringify(head).replace('{"messages"', '{"__proto__":[],"messages"'),
        "cases.jsonl": `{"case":"c1","input":${odd},"reference":${odd},${odd.slice(1)}\n`,
        "outputs.jsonl": `{"case":"c1","version":"v1","output":{"deep":${odd}},${odd.slice(1)}\n`,
      }),
    );
    const [version, testCase, answer] = ["version", "case", "output"].map((kind) =>
      rows.find((row) => row.kind === kind),
    );
    expect(version).toMatchObject({ content: JSON.parse('{"__proto__":[]}') });
    expect(testCase).toMatchObject({ input: { text: odd }, reference: odd });
    expect(answer).toMatchObject({ output: { text: `{"deep":${odd}}` } });
    for (const row of [testCase, answer]) {
      expect(canonicalJson(row && "metadata" in row ? row.metadata : null)).toBe(odd);
    }
  });

  it("in promptfoo results", async () => {
    const text = JSON.stringify(result(0)).replace('{"q":"q0"}', odd);
    const rows = await kept(jsonl(`${text.slice(0, -1)},"metadata":${odd}}\n`));
    const testCase = rows.find((row) => row.kind === "case");
    expect(testCase?.input.text).toBe(odd);
    expect(canonicalJson(testCase?.metadata)).toBe(odd.replace(',"toString"', ',"testIdx":0,"toString"'));
  });
});
