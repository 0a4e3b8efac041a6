import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { Random } from "../lib/stats/random";

/** Made-up data for measuring: a bundle of `cases` cases × 2 versions with two judges. The same number gives the same bytes. */

export const versions = ["v1", "v2"] as const;
/** A word that stands in one answer of a thousand, and one in about every third. */
export const rareWord = "zephyrine";
export const commonWord = "refund";

const slices = ["billing", "delivery", "returns", "account", "warranty", "store", "product", "legal"];
const tags = ["long", "angry", "german", "attachment", "follow-up", "edge"];
const syllables = "ba ce di fo gu la me ni po ru sa te vi wo zu kar len mon tis der pra sto bel fin gor".split(" ");

/** Text of phrases, of words as common as words are: the n-th comes up about 1/n as often as the first. */
class Words {
  private readonly phrases: string[];
  constructor(private readonly random: Random) {
    const known = Array.from({ length: 3000 }, () =>
      Array.from({ length: 1 + random.below(3) }, () => syllables[random.below(syllables.length)]).join(""),
    );
    const word = () => known[Math.floor(3000 ** random.uniform()) - 1]!;
    this.phrases = Array.from({ length: 5000 }, () => Array.from({ length: 10 }, word).join(" "));
  }

  /** About so many words. */
  text(count: number): string {
    let text = "";
    for (let n = 0; n < count; n += 10) text += `${text && " "}${this.phrases[this.random.below(5000)]}`;
    return `${text}.`;
  }
}

const caseKey = (number: number) => `case-${String(number).padStart(6, "0")}`;
const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const files: Record<string, (cases: number) => Generator<string>> = {
  "bundle.json": function* (cases) {
    yield JSON.stringify({
      format: "countersign-bundle/1",
      prompt: `bench ${cases}`,
      dataset: `bench ${cases}`,
      criteria: [
        { key: "correct", rubric: "Pass when every statement is right." },
        { key: "kind", rubric: "Pass when the tone is friendly." },
      ],
      judges: [
        { key: "judge-correct", criterion: "correct", model: "judge-1" },
        { key: "judge-kind", criterion: "kind", model: "judge-1" },
      ],
      versions: versions.map((key) => ({
        key,
        content: { messages: [{ role: "system", content: `Answer the customer, the ${key} way.` }] },
      })),
    });
  },
  "cases.jsonl": function* (cases) {
    const random = new Random("cases");
    const words = new Words(random);
    for (let i = 0; i < cases; i++) {
      yield lines([
        {
          case: caseKey(i),
          input: { question: words.text(20 + random.below(30)), customer: `customer ${random.below(5000)}` },
          slice: slices[Math.floor(slices.length * random.uniform() ** 2)],
          tags: tags.filter(() => random.uniform() < 0.05),
          mustPass: i % 1000 === 7,
        },
      ]);
    }
  },
  "outputs.jsonl": function* (cases) {
    const random = new Random("outputs");
    const words = new Words(random);
    for (let i = 0; i < cases; i++) {
      yield lines(
        versions.map((version) => {
          const planted = random.uniform();
          const word = planted < 0.001 ? ` ${rareWord}` : planted < 0.35 ? ` ${commonWord}` : "";
          const row = { case: caseKey(i), version, latencyMs: random.below(4000) };
          return random.uniform() < 0.003
            ? { ...row, error: "timeout" }
            : { ...row, output: `${words.text(30 + random.below(60))}${word} ${words.text(30 + random.below(60))}` };
        }),
      );
    }
  },
  "verdicts.jsonl": function* (cases) {
    const random = new Random("verdicts");
    const words = new Words(random);
    for (let i = 0; i < cases; i++) {
      for (const judge of ["judge-correct", "judge-kind"]) {
        const before = random.uniform() < 0.85;
        const after = random.uniform() < (before ? 0.05 : 0.4) ? !before : before;
        const verdict = (passes: boolean) => (random.uniform() < 0.004 ? "error" : passes ? "pass" : "fail");
        yield lines([
          { case: caseKey(i), version: "v1", judge, verdict: verdict(before), rationale: words.text(12) },
          { case: caseKey(i), version: "v2", judge, verdict: verdict(after), rationale: words.text(12) },
        ]);
      }
    }
  },
};

/** Some thousand lines a piece: one write a line would take longer than making it. */
function* pieces(rows: Generator<string>): Generator<string> {
  let held = "";
  for (const row of rows) {
    held += row;
    if (held.length < 256 * 1024) continue;
    yield held;
    held = "";
  }
  if (held) yield held;
}

/** Writes the bundle as a .tar.gz, as somebody would upload it. */
export async function writeBundle(file: string, cases: number): Promise<void> {
  const folder = `${file}.parts`;
  await mkdir(folder, { recursive: true });
  const archive = pack();
  const written = pipeline(archive, createGzip({ level: 1 }), createWriteStream(file));
  for (const [name, rows] of Object.entries(files)) {
    const part = path.join(folder, name);
    await pipeline(Readable.from(pieces(rows(cases))), createWriteStream(part));
    const entry = archive.entry({ name, size: (await stat(part)).size });
    await pipeline(createReadStream(part), entry);
  }
  archive.finalize();
  await written;
  await rm(folder, { recursive: true });
}

const prompts = versions.map((label) => ({
  raw: `Answer the customer, the ${label} way: {{question}}`,
  label,
  id: label,
  provider: "openai:small",
}));

/** Writes results as `promptfoo eval -o results.json` would, with every field that a result has there. */
export async function writePromptfoo(file: string, tests: number): Promise<void> {
  function* text(): Generator<string> {
    const random = new Random("promptfoo");
    const words = new Words(random);
    yield `{\n  "evalId": "eval-bench",\n  "results": {\n    "version": 3,\n    "prompts": ${JSON.stringify(prompts)},\n    "results": [\n`;
    for (let testIdx = 0; testIdx < tests; testIdx++) {
      const vars = {
        question: words.text(20 + random.below(30)),
        customer: `customer ${random.below(5000)} of ${testIdx}`,
      };
      const slice = slices[random.below(slices.length)];
      const pair = prompts.map((prompt, promptIdx) => {
        const pass = random.uniform() < 0.85;
        const assertion = { type: "llm-rubric", value: "is right and friendly", metric: "rubric" };
        const reason = words.text(12);
        return {
          cost: random.below(1000) / 1e6,
          gradingResult: {
            pass,
            score: pass ? 1 : 0,
            reason,
            namedScores: { rubric: pass ? 1 : 0 },
            tokensUsed: { total: 120, prompt: 100, completion: 20 },
            componentResults: [{ pass, score: pass ? 1 : 0, reason, assertion }],
          },
          id: `result-${testIdx}-${promptIdx}`,
          latencyMs: random.below(4000),
          namedScores: { rubric: pass ? 1 : 0 },
          prompt: { raw: `${prompt.label}: ${vars.question}`, label: prompt.label },
          promptId: prompt.id,
          promptIdx,
          provider: { id: "openai:small", label: "" },
          response: {
            output: words.text(60 + random.below(120)),
            tokenUsage: { total: 300, prompt: 200, completion: 100 },
          },
          score: pass ? 1 : 0,
          success: pass,
          failureReason: pass ? 0 : 1,
          testCase: { vars, assert: [assertion], options: {}, metadata: { slice } },
          testIdx,
          vars,
          metadata: { slice },
          tokenUsage: { total: 300, prompt: 200, completion: 100 },
        };
      });
      yield pair
        .map((result, i) => {
          const last = testIdx === tests - 1 && i === pair.length - 1;
          return `${JSON.stringify(result, null, 2)}${last ? "" : ","}\n`;
        })
        .join("");
    }
    yield "    ]\n  }\n}\n";
  }
  await pipeline(Readable.from(pieces(text())), createWriteStream(file));
}
