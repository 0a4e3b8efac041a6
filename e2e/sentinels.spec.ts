import { expect, expectAccessible, signIn, test } from "./support/test";

test("sentinels are made, judged elsewhere, taken back and counted; one is struck", async ({ page }) => {
  await signIn(page, "release_manager");
  await page.goto("/releases/2/sentinels");
  await expect(page.getByText("No sentinels yet")).toBeVisible();
  await page.getByLabel("How many").fill("12");
  await page.getByLabel("Criterion").selectOption("grounded");
  await page.getByRole("button", { name: "Make sentinels" }).click();
  await expect(page.getByText(/^Made 12 sentinels:/)).toBeVisible();

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export for judging" }).click(),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString("utf8").trim().split("\n");
  expect(lines).toHaveLength(12);
  for (const line of lines) {
    expect(Object.keys(JSON.parse(line))).toEqual(["sentinel", "input", "output", "criterion", "rubric"]);
  }
  const verdicts = lines.map((line) => ({
    sentinel: JSON.parse(line).sentinel,
    judge: "llm-grounded",
    verdict: "fail",
  }));
  const file = (rows: object[]) => ({
    name: "verdicts.jsonl",
    mimeType: "application/jsonl",
    buffer: Buffer.from(rows.map((row) => JSON.stringify(row)).join("\n")),
  });
  await page.getByLabel("Verdicts (JSON Lines)").setInputFiles(file([...verdicts.slice(1), verdicts[1]!]));
  await page.getByRole("button", { name: "Take verdicts back" }).click();
  await expect(page.getByText(/has a verdict on it in line 1 already/)).toBeVisible();
  await page.getByLabel("Verdicts (JSON Lines)").setInputFiles(file(verdicts));
  await page.getByRole("button", { name: "Take verdicts back" }).click();
  await expect(page.getByText("Took 12 verdicts.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "What the judge noticed" })).toBeVisible();
  const bad = page.getByRole("row", { name: /all bad ones/ });
  await expect(bad).toContainText(/(\d+) of \1/);
  await expectAccessible(page);

  const before = (await bad.textContent())!;
  const first = page.getByRole("listitem").filter({ hasText: "should be" }).first();
  await first.getByText(/^Text of/).click();
  await first.getByLabel(/does not count$/).fill("Another case's answer fits here as well.");
  await first.getByRole("button", { name: "Strike" }).click();
  await expect(first).toContainText("struck: Another case's answer fits here as well.");
  await expect(bad).not.toHaveText(before);
});
