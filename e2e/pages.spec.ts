import { expect, expectAccessible, type Page, type Role, rest, server, signIn, test } from "./support/test";

/** Every page, as someone sees it who may see most of them. */
const pages = [
  "/",
  "/releases",
  "/releases/new",
  "/releases/2",
  "/releases/2/changes",
  "/releases/2/cases",
  "/releases/2/cases/3",
  "/releases/2/review",
  "/releases/2/judges",
  "/releases/2/sentinels",
  "/releases/2/sign-off",
  "/releases/2/history",
  "/releases/3",
  "/releases/3/cases?flip=worse",
  "/review/3",
  "/prompts",
  "/prompts/support%2Fanswers",
  "/prompts/support%2Fanswers/new",
  "/prompts/support%2Fanswers/break-glass",
  "/prompts/support%2Fanswers/compare/v2...v3",
  "/prompts/support%2Fanswers/compare/v1...v4?view=words",
  "/prompts/support%2Fanswers/labels/production",
  "/runs",
  "/runs/1",
  "/imports",
  "/imports/1",
  "/judges",
  "/judges/1",
  "/judges/1/moves",
  "/news",
  "/audit",
  "/audit?action=release.refused",
  "/audit/decisions",
  "/audit/decisions/1",
  "/audit/decisions/1/timeline",
  "/audit/decisions/1/replay",
  "/audit/entries/0",
  "/settings/account",
  "/settings/members",
  "/settings/grading",
  "/settings/tokens",
  "/settings/privacy",
  "/settings/privacy/retention",
  "/settings/projects",
  "/settings/policies",
  "/settings/policies/standard",
  "/settings/policies/new?from=standard",
  "/settings/policies/dry-run?policy=strict&version=1",
];

/** Who may not be asked to grade sees these whole. */
const wholeFor: Record<string, Role> = {
  "/releases/2": "viewer",
  "/releases/2/changes": "viewer",
  "/releases/2/cases": "viewer",
  "/releases/2/cases/3": "viewer",
  "/releases/2/judges": "auditor",
  "/audit/decisions/1": "auditor",
};

/** The whole page fits its window; only tables and code scroll, inside their own pane. */
async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const overhang = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(overhang, { message: `sideways scroll of ${page.url()}` }).toBe(0);
}

// They only look: each worker takes the next, whichever it is.
test.describe.configure({ mode: "parallel" });

for (const path of pages) {
  test(`${path} has a heading, no violation in light and dark, and fits a phone and 200 %`, async ({ page }) => {
    await signIn(page, wholeFor[path] ?? "release_manager");
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expectAccessible(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    // What a bar at the window's edge covers, scrolling uncovers. Colours are the same at every width.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: 390, height });
    await expectAccessible(page, ["light"], ["color-contrast"]);
    // A window of 1280 by 800 at 200 %.
    await page.setViewportSize({ width: 640, height: 400 });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page, ["light"], ["color-contrast"]);
  });
}

test("a first visit leads to the sign-in page and from there to where one wanted to go", async ({ page }) => {
  for (const path of pages) {
    const answer = await page.request.get(server().url + path, { maxRedirects: 0 });
    expect(answer.status(), path).toBe(307);
    expect(answer.headers().location, path).toContain("/sign-in");
  }
  await page.goto("/releases/2");
  await expect(page).toHaveURL(/\/sign-in/);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
});

for (const path of ["/releases/2", "/releases/3", "/audit/decisions/1", "/releases/2/sign-off"]) {
  test(`${path} prints: ink on paper, whole, with times and digests that mean something later`, async ({ page }) => {
    await signIn(page, "release_manager");
    await page.setViewportSize({ width: 1600, height: 900 });
    await page.goto(path);
    await page.evaluate(() => localStorage.setItem("theme", "dark"));
    await page.reload();
    await expect(page.locator("html")).toHaveClass(/dark/);
    const pictures = page.locator(".recharts-surface");
    if (path === "/releases/2") await expect(pictures).not.toHaveCount(0);
    await page.emulateMedia({ media: "print" });
    // A4 less its margins.
    await page.setViewportSize({ width: 688, height: 1000 });
    const ink = await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.documentElement);
      return { backgroundColor, color };
    });
    expect(ink).toEqual({ backgroundColor: "rgb(251, 250, 248)", color: "rgb(29, 28, 26)" });
    await expectNoSidewaysScroll(page);
    const cut = await page.getByRole("main").evaluate((main) =>
      [...main.querySelectorAll("*")]
        .filter((one) => one.clientWidth > 1 && getComputedStyle(one).overflowX !== "visible")
        .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
        .map((one) => `${one.tagName} ${one.scrollWidth} > ${one.clientWidth}: ${one.textContent?.slice(0, 80)}`),
    );
    expect(cut).toEqual([]);
    const apart = await pictures.evaluateAll((all) =>
      all.every(
        (one) =>
          one.getBoundingClientRect().bottom <=
          one.closest(".recharts-responsive-container")!.getBoundingClientRect().bottom + 1,
      ),
    );
    expect(apart, "pictures stay in their places").toBe(true);
    await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
    for (const time of await page.getByRole("main").locator("time:visible").all()) {
      await expect(time.locator("span")).toBeHidden();
      expect(await time.evaluate((one) => getComputedStyle(one, "::before").content)).toMatch(
        /^"?(attr\(title\)|\d{4}-\d\d-\d\d \d\d:\d\d UTC)"?$/,
      );
    }
    await expect(page.getByRole("main").getByText("…", { exact: true }).locator("visible=true")).toHaveCount(0);
  });
}

test("what is not there says so", async ({ page, allowConsoleError }) => {
  allowConsoleError(/404/);
  await signIn(page, "viewer");
  for (const path of [
    "/releases/999999",
    "/prompts/none",
    "/judges/999999",
    "/nowhere",
    "/audit/decisions/999999",
    "/prompts/support%2Fanswers/labels/none",
  ]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expectAccessible(page);
  }
});

test("a long hostile name is shown as text and breaks nothing", async ({ page }) => {
  const name = `<img src=x onerror=alert(1)>/${"very-long-".repeat(12)}end`;
  const at = `/prompts/${encodeURIComponent(name)}/versions`;
  const content = (text: string) => ({ messages: [{ role: "system", content: text }] });
  await rest("POST", at, {
    content: content("<script>alert(1)</script> \u202e reversed \u200b hidden"),
    message: "<b>bold</b>",
  });
  await rest("POST", at, { content: content("<script>alert(2)</script>"), message: "second" });
  page.on("dialog", () => {
    throw new Error("a script ran");
  });
  await signIn(page, "release_manager");
  await page.goto(`/prompts/${encodeURIComponent(name)}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("<img src=x onerror=alert(1)>");
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await page.goto(`/prompts/${encodeURIComponent(name)}/compare/v1...v2`);
  await expect(page.getByRole("main")).toContainText("<script>alert(");
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
});

test("the palette goes to a page by name", async ({ page }) => {
  await signIn(page, "viewer");
  await page.keyboard.press("ControlOrMeta+k");
  const palette = page.getByRole("dialog");
  await expect(palette).toBeVisible();
  await page.keyboard.type("prompts support/answers");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/(prompts|releases)\//);
  // People, cases by their key, and only what this person may do.
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("Mila");
  await expect(palette.getByRole("option", { name: /Mila Brandt.*release manager/ })).toBeVisible();
  await expect(palette.getByRole("option", { name: "New release" })).toHaveCount(0);
  await page.getByRole("combobox", { name: "Go to" }).fill("refunds-03");
  await palette
    .getByRole("option", { name: /refunds-03/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/releases\/\d+\/cases\/\d+$/);
  await expect(page.getByRole("heading", { name: "refunds-03" })).toBeVisible();
});

test("the palette matches whole words, and has the tabs of the release, commands and settings one may open", async ({
  page,
}) => {
  await signIn(page, "viewer");
  await page.goto("/releases/2");
  const palette = page.getByRole("dialog", { name: "Go to" });
  const typed = page.getByRole("combobox", { name: "Go to" });
  const options = palette.getByRole("option");
  const look = async (text: string) => {
    await page.keyboard.press("ControlOrMeta+k");
    await typed.fill(text);
  };
  await look("v4");
  await expect(options.first()).toContainText("v4");
  for (const option of await options.all()) await expect(option).toContainText(/\bv4/);
  await expectAccessible(page);
  await typed.fill("no such thing");
  await expect(palette.getByRole("status")).toContainText("Nothing matches “no such thing”. Every word");
  await expect(options).toHaveCount(0);
  await expectAccessible(page);
  await typed.fill("projects");
  await expect(options).toHaveCount(0);
  await typed.fill("settings");
  await expect(options).toHaveText([/^Members/, /^Policies/, /^Grading/, /^Tokens/, /^Account/, /^Privacy/]);
  await typed.fill("this release");
  await expect(options).toHaveText([
    ...["Brief", "Changes", "Cases", "Review", "Judges", "Sentinels", "Sign-off", "History"],
  ]);
  await typed.fill("sign-off");
  await expect(options).toHaveText(["Sign-off"]);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/releases\/2\/sign-off$/);

  await look("release 1");
  await expect(options.first()).toContainText("release 1, ");
  await typed.fill("policy");
  await options.filter({ hasText: "Policies" }).click();
  await expect(page).toHaveURL(/\/settings\/policies$/);

  await look("dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveClass(/dark/);
  await look("theme system");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /Theme: system/ })).toBeVisible();

  await look("?");
  await expect(options).toHaveText(["Keys of this page?"]);
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet.getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);

  await page.goto("/judges");
  await look("this release");
  await expect(options).toHaveCount(0);
  await typed.fill("sign out");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("? lists the keys of the screen and those of every screen", async ({ page }) => {
  await signIn(page, "viewer");
  await page.goto("/releases/2/cases");
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet.getByRole("heading", { name: "Cases" })).toBeVisible();
  await expect(sheet).toContainText("select the case");
  await expect(sheet).toContainText("close what is open");
  await expectAccessible(page);
});
