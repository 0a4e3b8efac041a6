import { caseKey, gradeAll, importFiles, tokenOf } from "./support/bundle";
import { expect, expectAccessible, rest, signIn, test } from "./support/test";

const prompt = "judges/scored";
const cases = 24;

/** A judge that scores long answers high, was asked twice about four of them, and is of the family that wrote them. */
async function seed(): Promise<number> {
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const each = <T>(row: (number: number, version: "old" | "new") => T) =>
    Array.from({ length: cases }, (_, i) => i + 1).flatMap((number) => [row(number, "old"), row(number, "new")]);
  const score = (number: number) => Math.round((number / cases) * 100) / 100;
  await importFiles({
    "bundle.json": JSON.stringify({
      format: "countersign-bundle/1",
      prompt,
      dataset: `${prompt} cases`,
      criteria: [{ key: "useful", name: "Useful", rubric: "Pass when it helps. Fail when it does not." }],
      judges: [{ key: "scorer", criterion: "useful", model: "mistral-large", threshold: 0.5 }],
      versions: ["old", "new"].map((key) => ({
        key,
        model: "mistral-small",
        content: { messages: [{ role: "system", content: `${key} for ${prompt}` }] },
      })),
    }),
    "cases.jsonl": lines(
      Array.from({ length: cases }, (_, i) => ({
        case: caseKey(i + 1),
        input: `Question ${i + 1}?`,
        slice: i % 2 === 0 ? "odd ones" : "even ones",
      })),
    ),
    "outputs.jsonl": lines(
      each((number, version) => ({
        case: caseKey(number),
        version,
        output: `${version === "old" ? "It depends" : "Yes"}, ${"very ".repeat(number)}much.`,
      })),
    ),
    "verdicts.jsonl": lines([
      ...each((number, version) => ({ case: caseKey(number), version, judge: "scorer", score: score(number) })),
      ...[1, 2, 3, 4].map((number) => ({
        case: caseKey(number),
        version: "old",
        judge: "scorer",
        repeat: 1,
        score: number === 4 ? 0.9 : score(number),
      })),
    ]),
  });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: cases, seed: "all" });
  // People fail the even old answers, whatever their length.
  await gradeAll(id, await tokenOf("ravi@demo.example"), (key) => Number(key.slice(5)) % 2 === 0);
  return id;
}

test("a judge's page says where it errs, and each cell leads to its cases", async ({ page }) => {
  await seed();
  await signIn(page, "auditor");
  await page.goto("/judges");
  await page.getByRole("link", { name: "scorer" }).click();
  await expect(page.getByText("Same family: this judge is of Mistral")).toBeVisible();
  await expect(
    page.getByText(/It passes 0 of 100 of the shortest answers and 100 of 100 of the longest/),
  ).toBeVisible();
  const scores = page.getByRole("figure", { name: "People's passes by score, version 1" });
  await expect(scores).toContainText("People pass 19 of 26 answers that it scores 0.5 or more, and 17 of 22 below");
  await scores.getByText("As a table").click();
  await expect(scores.getByRole("table")).toContainText("of 4");
  await expect(page.getByText("It contradicts itself on 1 of 4 answers")).toBeVisible();
  const slices = page.getByRole("table", { name: "Version 1 by slice" });
  await expect(slices.getByRole("row", { name: /odd ones old/ })).toContainText("12, 0");
  await expect(slices.getByRole("row", { name: /odd ones old/ })).toContainText("none graded");
  await expectAccessible(page);

  // Cases 12, 14 … 24: the judge passes what people fail.
  const cells = page.getByRole("table", { name: "Cases behind the cells, version 1 on old" });
  const wrong = cells.getByRole("link", { name: "7 graded, judge passes what people fail: show these cases" });
  await wrong.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Only graded cases where, on the baseline's answer, the judge passes")).toBeVisible();
  for (const number of [12, 18, 24]) await expect(page.getByRole("link", { name: caseKey(number) })).toBeVisible();
  await expect(page.getByRole("link", { name: /^case-0/ })).toHaveCount(7);
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(page.getByRole("link", { name: /^case-0/ })).toHaveCount(cases);
});

test("every figure of a judge explains itself", async ({ page }) => {
  await signIn(page, "auditor");
  await page.goto("/judges");
  await page.getByRole("link", { name: "scorer" }).click();
  for (const title of [
    "Licence",
    "Passes good answers (TPR)",
    "Catches bad answers (TNR)",
    "Bad among what it passes",
    "Cohen's κ",
    "Gwet's AC1",
    "Slice by slice",
    "Length",
    "Score against people",
    "Judged again",
    "Says pass",
  ]) {
    const button = page.getByRole("button", { name: `What is this: ${title}`, exact: true }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    const explanation = page.getByRole("dialog", { name: title, exact: true });
    for (const part of ["Formula", "Data", "Rests on", "Assumes", "From"])
      await expect(explanation.getByText(part, { exact: true })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(button).toBeFocused();
  }
});
