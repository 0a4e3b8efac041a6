import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { rest, server } from "./test";

export type BundleOptions = {
  prompt: string;
  cases: number;
  /** A label of the old version. */
  label?: string;
  /** Puts this in place of a line of verdicts.jsonl. */
  broken?: { line: number; text: string };
  /** What the judge says instead, for judging the same answers again. */
  verdict?: (number: number, version: "old" | "new") => "pass" | "fail" | "error";
};

export const caseKey = (number: number): string => `case-${String(number).padStart(3, "0")}`;
/** What only the judge's rationale of one answer says, so that a test can look for it where it must not be. */
export const rationaleOf = (number: number, version: "old" | "new"): string =>
  `rationale ${version} ${caseKey(number)} because`;

function says(number: number, version: "old" | "new"): "pass" | "fail" {
  return version === "old" && number % 4 === 0 ? "fail" : "pass";
}

/** The judge passes every new answer, and fails every fourth old one. Case 1 is must-pass. */
function files({ prompt, cases, label, broken, verdict = says }: BundleOptions): Record<string, string> {
  const numbers = Array.from({ length: cases }, (_, index) => index + 1);
  const versions = ["old", "new"] as const;
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const each = (row: (number: number, version: (typeof versions)[number]) => unknown) =>
    numbers.flatMap((number) => versions.map((version) => row(number, version)));
  const verdicts = lines(
    each((number, version) => ({
      case: caseKey(number),
      version,
      judge: "machine",
      verdict: verdict(number, version),
      rationale: rationaleOf(number, version),
    })),
  ).split("\n");
  if (broken) verdicts[broken.line - 1] = broken.text;
  return {
    "bundle.json": JSON.stringify({
      format: "countersign-bundle/1",
      prompt,
      dataset: `${prompt} cases`,
      criteria: [{ key: "useful", name: "Useful", rubric: "Pass when it helps. Fail when it does not." }],
      judges: [{ key: "machine", criterion: "useful", model: "judge-1", prompt: "Does it help?" }],
      versions: versions.map((key) => ({
        key,
        author: "Noor Haddad",
        message: `The ${key} one`,
        labels: key === "old" && label ? [label] : [],
        content: { messages: [{ role: "system", content: `Answer well, the ${key} way, for ${prompt}.` }] },
      })),
    }),
    "cases.jsonl": lines(
      numbers.map((number) => ({ case: caseKey(number), input: `Question ${number}?`, mustPass: number === 1 })),
    ),
    "outputs.jsonl": lines(
      each((number, version) => ({
        case: caseKey(number),
        version,
        output: version === "old" ? `It depends, ${number}.` : `Yes, ${number}.`,
      })),
    ),
    "verdicts.jsonl": verdicts.join("\n"),
  };
}

/** What only the pairwise judge's rationale of one case says. */
export const preferenceRationaleOf = (number: number): string => `rationale pair ${caseKey(number)} because`;

/**
 * Which of two answers is better, asked in both orders: the judge prefers the new one, says tie on every fourth case,
 * and on every fifth prefers whatever stands first. `mixed`: asked beside whether an answer is useful.
 */
export function preferenceFiles({
  prompt,
  cases,
  mixed,
}: {
  prompt: string;
  cases: number;
  mixed?: boolean;
}): Record<string, string> {
  const plain = files({ prompt, cases });
  const head = JSON.parse(plain["bundle.json"]!) as { criteria: object[]; judges: object[] };
  const criterion = { key: "better", kind: "preference", name: "Better answer", rubric: "The one that helps more." };
  const judge = { key: "pairwise", criterion: "better", model: "judge-1", prompt: "Which helps more?" };
  const preferences = Array.from({ length: cases }, (_, index) => index + 1).flatMap((number) =>
    [
      ["old", "new"],
      ["new", "old"],
    ].map((versions) => ({
      case: caseKey(number),
      versions,
      judge: "pairwise",
      prefer: number % 5 === 0 ? versions[0] : number % 4 === 0 ? "tie" : "new",
      rationale: preferenceRationaleOf(number),
    })),
  );
  const verdicts = preferences.map((row) => `${JSON.stringify(row)}\n`).join("");
  return {
    ...plain,
    "bundle.json": JSON.stringify({
      ...head,
      criteria: [...(mixed ? head.criteria : []), criterion],
      judges: [...(mixed ? head.judges : []), judge],
    }),
    // No case is must-pass: a preference says of no answer that it passes.
    "cases.jsonl": plain["cases.jsonl"]!.replaceAll('"mustPass":true', '"mustPass":false'),
    "verdicts.jsonl": mixed ? `${plain["verdicts.jsonl"]}${verdicts}` : verdicts,
  };
}

/** The files of a bundle, for a test that changes some of them. */
export const bundleFiles = files;

/** A bundle as a .tar.gz. */
export const bundle = (options: BundleOptions): Promise<Buffer> => packed(files(options));

async function packed(texts: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of Object.entries(texts)) archive.entry({ name }, text);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}

/** Imports a bundle over REST and waits until it is in. */
export const importBundle = (options: BundleOptions, token = server().token): Promise<void> =>
  importFiles(files(options), token);

export async function importFiles(texts: Record<string, string>, token = server().token): Promise<void> {
  const response = await fetch(`${server().url}/api/v1/imports?format=auto`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new Uint8Array(await packed(texts)),
  });
  if (response.status !== 202) throw new Error(`import: ${response.status} ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  for (;;) {
    const { state, error } = await rest<{ state: string; error?: unknown }>("GET", `/imports/${id}`);
    if (state === "done") return;
    if (state === "failed") throw new Error(`import: ${JSON.stringify(error)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A release over a bundle of its own, with `drawn` cases to grade. */
export async function releaseWithDraws(
  prompt: string,
  cases: number,
  drawn: number,
  policy = "standard",
): Promise<number> {
  await importBundle({ prompt, cases });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new", policy });
  await rest("POST", `/releases/${id}/draws`, { size: drawn, seed: prompt });
  return Number(id);
}

type Task = { task: string; case: string; sides: { side: "A" | "B"; output: unknown }[] };

/** Grades all that waits, as this person: the new answers pass, the old ones fail where `failsOld` says so. */
export async function gradeAll(
  release: number,
  token: string,
  failsOld: (caseKey: string) => boolean,
): Promise<number> {
  for (let stored = 0; ; stored++) {
    const task = await rest<Task | undefined>("GET", `/releases/${release}/queue/next`, undefined, token);
    if (!task) return stored;
    const grades = task.sides.map(({ side, output }) => {
      const isOld = String(output).startsWith("It depends");
      return { side, criterion: "useful", verdict: isOld && failsOld(task.case) ? "fail" : "pass" };
    });
    await rest(
      "POST",
      `/releases/${release}/reviews`,
      { task: task.task, grades, clientKey: crypto.randomUUID() },
      token,
    );
  }
}

export async function tokenOf(email: string): Promise<string> {
  return (await rest<{ token: string }>("POST", "/tokens", { as: email, name: "a test" })).token;
}
