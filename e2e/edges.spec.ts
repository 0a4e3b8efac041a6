import { type BundleOptions, gradeAll, importBundle, importFiles, tokenOf } from "./support/bundle";
import { expect, expectAccessible, type Page, rest, signIn, test } from "./support/test";

type Verdict = NonNullable<BundleOptions["verdict"]>;
const judges: Record<string, Verdict> = {
  "always passes": () => "pass",
  "always fails": () => "fail",
  "errs always": () => "error",
};
const cases = 8;

/** A number that is none, or a word for nothing, that slipped onto the screen. */
const nonsense = /\bNaN\b|\bundefined\b|\bnull\b|Infinity|∞|\[object/;

/** The text of every screen of a release, each looked at. */
async function look(page: Page, release: number): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const tab of ["", "changes", "cases", "review", "judges", "sentinels", "sign-off", "history"]) {
    await page.goto(`/releases/${release}${tab && `/${tab}`}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const text = (await page.getByRole("main").textContent()) ?? "";
    expect(text, tab).not.toMatch(nonsense);
    texts[tab] = text;
  }
  return texts;
}

async function judgePage(page: Page): Promise<string> {
  await page.goto("/judges");
  await page.getByRole("main").getByRole("link", { name: "machine" }).first().click();
  await expect(page).toHaveURL(/\/judges\/\d+$/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const text = (await page.getByRole("main").textContent()) ?? "";
  expect(text).not.toMatch(nonsense);
  return text;
}

async function releaseOf(prompt: string, verdict: Verdict, judged = true): Promise<number> {
  await importBundle({ prompt, cases, verdict });
  const asked = { prompt, baseline: "old", candidate: "new", ...(judged ? {} : { judges: [] }) };
  return Number((await rest<{ id: number }>("POST", "/releases", asked)).id);
}

for (const [name, verdict] of Object.entries(judges)) {
  test(`a judge that ${name}: before, amid and after the grading`, async ({ page }) => {
    const release = await releaseOf(`edges/${name}`, verdict);
    await signIn(page, "auditor");
    const before = await look(page, release);
    expect(before[""]).toContain("Nothing is graded yet");
    const reviewer = await tokenOf("ravi@demo.example");
    await rest("POST", `/releases/${release}/draws`, { size: 3, seed: name });
    await gradeAll(release, reviewer, () => true);
    const amid = await look(page, release);
    expect(amid[""]).toMatch(/\b3 cases graded/);

    await rest("POST", `/releases/${release}/draws`, { size: cases, seed: name });
    await gradeAll(release, reviewer, () => true);
    const after = await look(page, release);
    // Every case is graded: the new version passes where the old one fails, and nothing is left to guess.
    expect(after[""]).toContain("+100.00 pt");
    expect(after[""]).toContain("nothing rests on a judge");
    await judgePage(page);
    await expectAccessible(page);
  });
}

test("no judge at all: people's grades are all there is", async ({ page }) => {
  const release = await releaseOf("edges/no-judge", () => "pass", false);
  await rest("POST", `/releases/${release}/draws`, { size: 4, seed: "none" });
  await gradeAll(release, await tokenOf("ravi@demo.example"), () => true);
  await signIn(page, "auditor");
  expect((await look(page, release))[""]).toContain("machine (shown beside)");
});

test("a stratum that is drawn and not graded is named; there is no delta from the others alone", async ({ page }) => {
  const release = await releaseOf("edges/stratum", (number, version) =>
    version === "old" && number > 6 ? "fail" : "pass",
  );
  await rest("POST", `/releases/${release}/draws`, { size: 6, seed: "empty stratum", design: "random" });
  const reviewer = await tokenOf("ravi@demo.example");
  type Task = { task: string; sides: { side: string }[] };
  const task = await rest<Task>("GET", `/releases/${release}/queue/next`, undefined, reviewer);
  const grades = task.sides.map(({ side }) => ({ side, criterion: "useful", verdict: "unsure" }));
  await rest("POST", `/releases/${release}/reviews`, { task: task.task, grades, clientKey: task.task }, reviewer);
  await signIn(page, "auditor");
  const brief = (await look(page, release))[""]!;
  expect(brief).toMatch(/unsure\s*1/);
});

test("two runs that share no case: there is no release, and the reason is said", async () => {
  const prompt = "edges/nothing-shared";
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  await importFiles({
    "bundle.json": JSON.stringify({
      format: "countersign-bundle/1",
      prompt,
      dataset: `${prompt} cases`,
      criteria: [{ key: "useful", name: "Useful", rubric: "Pass when it helps. Fail when it does not." }],
      judges: [{ key: "machine", criterion: "useful", model: "judge-1", prompt: "Does it help?" }],
      versions: ["old", "new"].map((key) => ({ key, content: { messages: [{ role: "system", content: key }] } })),
    }),
    "cases.jsonl": lines(["one", "two"].map((key) => ({ case: key, input: key }))),
    "outputs.jsonl": lines([
      { case: "one", version: "old", output: "a" },
      { case: "two", version: "new", output: "b" },
    ]),
    "verdicts.jsonl": lines([
      { case: "one", version: "old", judge: "machine", verdict: "pass" },
      { case: "two", version: "new", judge: "machine", verdict: "pass" },
    ]),
  });
  await expect(rest("POST", "/releases", { prompt, baseline: "old", candidate: "new" })).rejects.toThrow(
    /old and new answered no case in common/,
  );
});
