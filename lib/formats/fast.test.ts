import fc from "fast-check";
import { expect, test } from "vitest";
import { Fault } from "../errors";
import { readLine } from "./bundle";
import { ElementScan } from "./json-elements";
import { isResult, resultSchema } from "./promptfoo";
import { parsePlain, parseSlowly, parseStrict } from "./strict-json";

/** The short ways through the readers say what the long ones say. */

const at = { file: "cases.jsonl", line: 7 };

function outcome(read: () => unknown): { value: unknown } | { refused: string; place: unknown } {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { refused: error.message, place: error.place };
  }
}

const words = [
  "case",
  "version",
  "judge",
  "verdict",
  "output",
  "at",
  "tags",
  "__proto__",
  "constructor",
  "a",
  "",
  "ä",
  "𝄞",
];
const key = fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary", maxLength: 5 }));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((members) => new Map(members)),
  ),
})).value;

/** JSON text in which a key may stand twice, as `JSON.stringify` would never write it. */
function textOf(value: unknown): string {
  if (value instanceof Map) {
    return `{${[...value].map(([name, member]) => `${JSON.stringify(name)} : ${textOf(member)}`).join(", ")}}`;
  }
  return Array.isArray(value) ? `[${value.map(textOf).join(",")}]` : JSON.stringify(value);
}

const snippets = [
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "\\udc00",
  "\\u00e4",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "1e999",
  "\0",
  " ",
  '"a":1,',
];
const mutated = fc
  .tuple(json.map(textOf), fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom("", ...snippets)), { maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce((now, [where, cut, put]) => {
      const from = where % (now.length + 1);
      return now.slice(0, from) + put + now.slice(from + cut);
    }, text),
  )
  // What comes in was UTF-8, which has no half characters.
  .filter((text) => Buffer.from(text).toString() === text);

test("JSON, whole or broken, is read or refused alike by the short and the long way", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.oneof(json.map(textOf), mutated), (text) => {
      const slow = outcome(() => parseSlowly(text, at));
      expect(outcome(() => parseStrict(text, at))).toEqual(slow);
      const fast = parsePlain(text);
      if (fast !== undefined) expect(slow).toEqual({ value: fast });
    }),
    { numRuns: 4000 },
  );
});

test("what has nothing wrong with it takes the short way", () => {
  for (const text of [
    '{"a":1,"b":["x",{"c":null}]}',
    '{"text":"a \\"quoted\\" : word \\u00e4 \\\\"}',
    "[]",
    "7",
    '"a"',
    '{"__proto__":1}',
  ])
    expect(parsePlain(text)).toEqual(JSON.parse(text));
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":{"b":1},"a":2}',
    '{"a":1,"\\u0061":2}',
    '["\\ud800"]',
    '["\\u0000"]',
    "[1e999]",
    "[",
    "",
  ])
    expect(parsePlain(text), text).toBeUndefined();
  expect(parsePlain(`${"[".repeat(201)}${"]".repeat(201)}`)).toBeUndefined();
  expect(parsePlain(JSON.stringify("[".repeat(300)))).toBeUndefined();
  expect(parseStrict(JSON.stringify("[".repeat(300)), at)).toBe("[".repeat(300));
});

test("where an element ends is found however the file is cut into pieces", () => {
  const cuts = fc.array(fc.nat(), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(json.map(textOf), { maxLength: 4 }), cuts, fc.boolean(), (members, places, isPretty) => {
      const text = isPretty ? `[\n  ${members.join(",\n  ")}\n]` : `[${members.join(",")}]`;
      const bytes = Buffer.from(`${text}, ["]"]`).toString("latin1");
      const end = Buffer.byteLength(text) - 1;
      const scan = new ElementScan();
      let from = 0;
      let lines = 0;
      // The bracket that opens it was read.
      const pieces = [...new Set(places.map((place) => 1 + (place % end)))]
        .sort((a, b) => a - b)
        .filter((at) => at <= end);
      for (const [n, to] of [...pieces, bytes.length].entries()) {
        const piece = bytes.slice(from, to);
        const found = scan.endIn(piece, n === 0 ? 1 : 0);
        lines = scan.lines;
        expect(found).toBe(to > end ? end - from : -1);
        from = to;
      }
      expect(lines).toBe(isPretty ? Math.max(members.length, 1) + 1 : 0);
    }),
    { numRuns: 2000 },
  );
});

const times = [
  "2026-11-01T09:00:00Z",
  "2026-02-31T09:00:00Z",
  "2026-11-30T23:59:60Z",
  "2026-11-01T09:00:00.5+02:00",
  "2026-11-01",
];
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom("", "c1", "pass", "fail", "error", "unsure", "tie", "x".repeat(501)),
);
const member = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.constantFrom(...times),
  fc.constantFrom(null, true, false, 0, -0, 1, -1, 0.5, 1000, 2 ** 53, 1e300),
  fc.array(text, { maxLength: 3 }),
  fc.constant({ b: 1, a: "x" }),
);
const names = fc.constantFrom(
  ..."case version versions judge criterion reviewer verdict prefer score rationale note tags repeat at input output error".split(
    " ",
  ),
  ..."reference slice mustPass origin generator latencyMs inputTokens outputTokens costUsd model other __proto__".split(
    " ",
  ),
);
const rightRows = [
  { case: "c1", input: "x" },
  { case: "c1", version: "v", output: "x" },
  { case: "c1", version: "v", judge: "j", verdict: "pass" },
  { case: "c1", version: "v", criterion: "k", reviewer: "r", verdict: "fail" },
  { case: "c1", versions: ["v", "w"], judge: "j", prefer: "v" },
  { case: "c1", versions: ["v", "w"], criterion: "k", reviewer: "r", prefer: "tie" },
];
const line = fc
  .tuple(fc.constantFrom(...rightRows), fc.array(fc.tuple(names, member), { maxLength: 4 }), fc.option(names))
  .map(([right, more, without]) => {
    const members = new Map<string, unknown>([...Object.entries(right), ...more]);
    if (without !== null) members.delete(without);
    return JSON.parse(textOf(members)) as unknown;
  });

test("a line of a bundle is read or refused alike by its shape and by its schema", { timeout: 60_000 }, () => {
  const kinds = ["cases.jsonl", "outputs.jsonl", "verdicts.jsonl", "reviews.jsonl"] as const;
  let read = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.oneof(
        line,
        json.map((value) => JSON.parse(textOf(value))),
      ),
      (kind, value) => {
        const bySchema = outcome(() => readLine(kind, value, at, "by schema"));
        expect(outcome(() => readLine(kind, value, at))).toEqual(bySchema);
        if ("value" in bySchema) read++;
      },
    ),
    { numRuns: 4000 },
  );
  // A few hundred of 4 000, by chance.
  expect(read, "lines that are right").toBeGreaterThan(200);
});

const component = { pass: true, score: 0.5, reason: "fine", assertion: { type: "llm-rubric", metric: "rubric" } };
const rightResults = [
  { promptIdx: 0, testIdx: 3, success: true },
  {
    promptIdx: 1,
    testIdx: 0,
    success: false,
    failureReason: 2,
    error: "no answer",
    response: null,
    provider: "openai:small",
  },
  {
    ...{ promptIdx: 0, testIdx: 1, promptId: "v1", prompt: { raw: "Hi {{x}}", label: "v1" }, vars: { x: [1, "y"] } },
    ...{ provider: { id: "openai:small", label: "" }, success: true, score: 1, error: null, failureReason: 0 },
    ...{ latencyMs: 12.5, cost: 0.001, tokenUsage: { prompt: 3, completion: 4 }, metadata: {}, other: { a: 1 } },
    response: { output: { a: [1] }, error: "late" },
    gradingResult: { pass: true, reason: "fine", componentResults: [component, null] },
    testCase: { description: "first", metadata: { slice: "s" } },
  },
];
/** Puts another value somewhere into a value, or takes one away. */
function changed(value: unknown, steps: number[], put: unknown): unknown {
  const [step, ...more] = steps;
  if (step === undefined || typeof value !== "object" || value === null) return put;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name = names[step % (names.length + 1)];
  if (name === undefined) return put;
  copy[name] = changed(copy[name], more, put);
  return copy;
}

test("what passes for a promptfoo result is one by its schema", { timeout: 60_000 }, () => {
  const puts = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      undefined,
      "",
      "x",
      0,
      1,
      -1,
      1.5,
      true,
      [],
      {},
      [null],
      [1],
      { output: 1 },
      2 ** 60,
    ),
    json.map((value) => JSON.parse(textOf(value)) as unknown),
  );
  let [right, wrong] = [0, 0];
  fc.assert(
    fc.property(
      fc.constantFrom(...rightResults),
      fc.array(fc.nat(20), { maxLength: 4 }),
      puts,
      (result, steps, put) => {
        const value = changed(result, steps, put);
        expect(isResult(value)).toBe(resultSchema.safeParse(value).success);
        if (isResult(value)) right++;
        else wrong++;
      },
    ),
    { numRuns: 4000 },
  );
  expect(Math.min(right, wrong), "both kinds come up").toBeGreaterThan(200);
  for (const result of rightResults) expect(isResult(result)).toBe(true);
});
