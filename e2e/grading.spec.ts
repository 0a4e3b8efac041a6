import { caseKey, rationaleOf, releaseWithDraws, tokenOf } from "./support/bundle";
import { auditActions, expect, expectAccessible, type Page, rest, server, signIn, test } from "./support/test";

const cases = 26;
const drawn = 20;

/** Everything the server says to this browser, in order, as soon as it is said. */
function listen(page: Page): { all: () => Promise<{ url: string; body: string }[]> } {
  const answers: Promise<{ url: string; body: string }>[] = [];
  page.context().on("response", (response) => {
    if (!response.url().startsWith(server().url) || response.url().includes("/_next/static/")) return;
    // A redirect or an answer to a page that is gone has no body any more.
    answers.push(
      response.text().then(
        (body) => ({ url: response.url(), body }),
        () => ({ url: response.url(), body: "" }),
      ),
    );
  });
  return { all: () => Promise.all(answers) };
}

const rationales = (text: string): string[] => [
  ...new Set(text.match(/rationale (old|new) case-\d{3} because/g) ?? []),
];

test("20 cases graded by the keyboard alone; nothing tells before the grade is stored", async ({ page }) => {
  const release = await releaseWithDraws("graded/by-keyboard", cases, drawn);
  await signIn(page, "reviewer");
  const heard = listen(page);

  // Each page that could tell is looked at before anything is graded.
  for (const tab of [
    "",
    "/cases",
    "/cases?flip=worse",
    "/cases?sort=worst",
    "/changes",
    "/judges",
    "/review",
    "/history",
  ]) {
    await page.goto(`/releases/${release}${tab}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  // What was not drawn is nobody's to grade and may be seen.
  const undrawn = cases - drawn;
  const seen = new Set((await heard.all()).flatMap(({ body }) => rationales(body)));
  expect(seen.size, "rationales seen before grading belong to undrawn cases only").toBeLessThanOrEqual(undrawn * 2);
  const open = new Set([...seen].map((text) => text.split(" ")[2]));

  await page.goto(`/releases/${release}/review`);
  await page.getByRole("link", { name: "Start grading" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/review/${release}`);
  const graded: string[] = [];
  for (let number = 1; number <= drawn; number++) {
    const article = page.getByRole("article");
    await expect(article).toBeVisible();
    const name = (await article.getAttribute("aria-label")) ?? "";
    const key = name.replace("Case ", "");
    expect(graded).not.toContain(key);
    expect(open.has(key), `${key} is drawn, and its verdict was shown before`).toBe(false);

    // So far, the server has told about the graded cases and the undrawn ones, and nothing about this or the next ones.
    const told = new Set(
      (await heard.all()).flatMap(({ body }) => rationales(body)).map((text) => text.split(" ")[2] ?? ""),
    );
    for (const known of told)
      expect(graded.includes(known) || open.has(known), `${known} was told of too early`).toBe(true);

    await page.keyboard.press("1");
    await page.keyboard.press("8");
    if (number === 3) {
      await page.keyboard.press("9");
      await page.keyboard.press("n");
      await page.keyboard.type("does not help");
      await page.keyboard.press("Escape");
    }
    await page.keyboard.press("Enter");
    const strip = page.getByRole("region", { name: "What the judge said" });
    await expect(strip).toContainText(`Case ${key}:`);
    await expect(strip).toContainText(/A was (old|new), B was (old|new)/);
    graded.push(key);
    if (number < drawn) await expect(page.getByRole("article", { name })).toHaveCount(0);
  }
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();
  await expectAccessible(page);

  const tasks = (await heard.all()).filter(({ url }) => /\/queue|\/next/.test(url)).map(({ body }) => body);
  expect(tasks.length).toBeGreaterThanOrEqual(drawn);
  for (const body of tasks.filter(Boolean)) {
    expect(body).not.toContain('"verdict"');
    expect(body).not.toMatch(/"(old|new|baseline|candidate|stratum|probability)"/);
  }

  const brief = await rest<{ criteria: { estimate: { reviewed: number } }[] }>("GET", `/releases/${release}`);
  expect(brief.criteria[0]?.estimate.reviewed).toBe(drawn);
});

test("a task over REST has the fields of the contract and no others", async () => {
  const release = await releaseWithDraws("graded/over-rest", 12, 12);
  const token = await tokenOf("ravi@demo.example");
  const task = await rest<Record<string, unknown>>("GET", `/releases/${release}/queue/next`, undefined, token);
  const allowed = ["task", "case", "input", "criteria", "sides", "reference", "slice", "progress", "expiresAt"];
  expect(Object.keys(task).filter((key) => !allowed.includes(key))).toEqual([]);
  expect((task.sides as object[]).map((side) => Object.keys(side).sort())).toEqual([
    ["output", "side"],
    ["output", "side"],
  ]);
});

test("a correction keeps the first grade beside it, and an override is listed as one", async ({ page }) => {
  const release = await releaseWithDraws("graded/corrected", 8, 8);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  await expect(article).toBeVisible();
  const name = (await article.getAttribute("aria-label")) ?? "";
  await expectAccessible(page);
  await page.keyboard.press("2");
  await page.keyboard.press("9");
  await page.keyboard.press("Enter");
  const strip = page.getByRole("region", { name: "What the judge said" });
  await expect(strip.getByText("override").first()).toBeVisible();
  await expect(page.getByRole("article", { name })).toHaveCount(0);

  await page.keyboard.press("u");
  await expect(page.getByRole("article", { name })).toBeVisible();
  await expect(page.getByText("You graded this case before.")).toBeVisible();
  await page.keyboard.press("8");
  await page.keyboard.press("n");
  await page.keyboard.type("on a second look, it helps");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(strip).toContainText("Stored.");

  await page.goto(`/releases/${release}/judges`);
  const overrides = page.getByRole("table", { name: /Overrides/i });
  await expect(overrides.getByRole("row")).not.toHaveCount(1);
  expect(await auditActions()).toContain("review.superseded");
});

test("what is left for later comes back at the end; keys are listed on request", async ({ page }) => {
  const release = await releaseWithDraws("graded/later", 6, 3);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  await expect(article).toBeVisible();
  const first = (await article.getAttribute("aria-label")) ?? "";
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("s");
  await expect(page.getByRole("article", { name: first })).toHaveCount(0);
  for (let number = 0; number < 2; number++) {
    const now = (await article.getAttribute("aria-label")) ?? "";
    await page.keyboard.press("1");
    await page.keyboard.press("8");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("article", { name: now })).toHaveCount(0);
  }
  await expect(page.getByRole("article", { name: first })).toBeVisible();
});

test("the verdicts of the cases in this test are told apart by their rationale", () => {
  expect(rationales(`x ${rationaleOf(7, "old")} y`)).toEqual([`rationale old ${caseKey(7)} because`]);
});
