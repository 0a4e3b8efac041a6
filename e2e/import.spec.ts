import { bundle } from "./support/bundle";
import { expect, expectAccessible, type Page, signIn, test } from "./support/test";

async function upload(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.goto("/imports");
  await page.getByLabel("File", { exact: true }).setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  await page.getByRole("button", { name: "Import" }).click();
  await page.waitForURL(/\/imports\/\d+$/);
}

test("a bundle comes in once, and the same again changes nothing", async ({ page }) => {
  await signIn(page, "administrator");
  const file = await bundle({ prompt: "imported/by-hand", cases: 30 });
  await upload(page, "by-hand.tar.gz", file);
  await expect(page.getByText("✓ done")).toBeVisible();
  const counts = page.getByRole("main");
  for (const text of ["30", "60", "60"]) await expect(counts.getByText(text, { exact: true }).first()).toBeVisible();
  await expectAccessible(page);

  await upload(page, "by-hand.tar.gz", file);
  await expect(page.getByText("nothing changed").first()).toBeVisible();

  await page.goto("/prompts");
  await page.getByRole("link", { name: "imported/by-hand" }).click();
  await expect(page.getByRole("heading", { name: "imported/by-hand" })).toBeVisible();
  await expect(page.getByText("The new one")).toBeVisible();
});

test("a broken line is named, and no row remains", async ({ page }) => {
  await signIn(page, "administrator");
  const broken = {
    line: 1234,
    text: '{"case": "case-617", "version": "new", "judge": "machine", "verdict": "splendid"}',
  };
  await upload(page, "broken.tar.gz", await bundle({ prompt: "imported/broken", cases: 700, broken }));
  await expect(page.getByText("✕ refused")).toBeVisible();
  const main = page.getByRole("main");
  await expect(main).toContainText("verdicts.jsonl");
  await expect(main).toContainText("1234");
  await expect(main).toContainText("verdict");
  await expectAccessible(page);
  await page.goto("/prompts");
  await expect(page.getByRole("heading", { name: "Prompts" })).toBeVisible();
  await expect(page.getByText("imported/broken")).toHaveCount(0);
});

test("what is no known format is refused in words", async ({ page }) => {
  await signIn(page, "administrator");
  await upload(page, "holiday.json", Buffer.from('{"photos": []}'));
  await expect(page.getByText("✕ refused")).toBeVisible();
  await upload(page, "holiday.zip", Buffer.from("not packed"));
  await expect(page.getByText("This is not a .zip that can be read.")).toBeVisible();
  await expect(page.getByText("10 bytes")).toBeVisible();
  await expect(page.getByText("auto", { exact: true })).toHaveCount(0);
});

test("an empty file and several at once are refused before anything is sent", async ({ page }) => {
  await signIn(page, "administrator");
  await page.goto("/imports");
  const drop = async (...contents: string[]) => {
    const dataTransfer = await page.evaluateHandle((texts) => {
      const given = new DataTransfer();
      texts.forEach((text, i) => {
        given.items.add(new File([text], `dropped-${i}.json`));
      });
      return given;
    }, contents);
    await page.getByText("Choose a file or drop it here").dispatchEvent("drop", { dataTransfer });
  };
  await drop("{}", "{}");
  await expect(page.getByRole("alert").filter({ hasText: "drop one at a time" })).toBeVisible();
  await expect(page.getByText("Choose a file or drop it here")).toBeVisible();
  await expectAccessible(page, ["light"]);

  await drop("");
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "dropped-0.json is empty" })).toBeVisible();
  await expect(page).toHaveURL(/\/imports$/);
});

test("promptfoo results become a run with verdicts", async ({ page }) => {
  await signIn(page, "administrator");
  const result = (test: number, prompt: number, success: boolean) => ({
    promptIdx: prompt,
    testIdx: test,
    testCase: { vars: { question: `What is ${test}?` } },
    vars: { question: `What is ${test}?` },
    prompt: { raw: `Answer ${prompt}`, label: `Answer ${prompt}` },
    provider: { id: "openai:some-model" },
    response: { output: `It is ${test}.` },
    success,
    failureReason: success ? 0 : 1,
    gradingResult: { pass: success, score: success ? 1 : 0, reason: "as expected", componentResults: [] },
  });
  const prompts = [0, 1].map((prompt) => ({
    raw: `Answer ${prompt}`,
    label: `Answer ${prompt}`,
    provider: "openai:some-model",
  }));
  const results = [0, 1, 2].flatMap((row) => [result(row, 0, row > 0), result(row, 1, true)]);
  const file = { evalId: "eval-1", results: { version: 3, prompts, results }, config: {} };
  await upload(page, "geography.json", Buffer.from(JSON.stringify(file)));
  await expect(page.getByText("✓ done")).toBeVisible();
  await page.goto("/prompts");
  await expect(page.getByRole("link", { name: "geography" })).toBeVisible();
});
