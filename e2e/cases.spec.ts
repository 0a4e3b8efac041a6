import { caseKey, importBundle } from "./support/bundle";
import { expect, expectAccessible, isAlive, type Page, rest, signIn, test } from "./support/test";

/** The Cases tab of a release of its own with 60 cases, of which every fourth got better, as a viewer sees it. */
async function openCases(page: Page, prompt: string): Promise<string> {
  await importBundle({ prompt, cases: 60 });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await signIn(page, "viewer");
  await page.goto(`/releases/${id}/cases`);
  await isAlive(row(page, 50));
  return `/releases/${id}/cases`;
}

const row = (page: Page, number: number) => page.getByRole("row", { name: caseKey(number) });
const linkOf = (page: Page, number: number) => page.getByRole("link", { name: caseKey(number), exact: true });
const boxOf = (page: Page, number: number) => page.getByRole("checkbox", { name: `Select ${caseKey(number)}` });
const selected = (page: Page) => page.getByRole("region", { name: "Selected cases" }).getByRole("status");
const firstCase = (page: Page) => page.locator("a[data-row-link]").first();

test("the drawer gives the focus back to the row of the case that it showed last", async ({ page }) => {
  await openCases(page, "cases/focus");
  const drawer = page.getByRole("dialog");
  await linkOf(page, 3).focus();
  await page.keyboard.press("Enter");
  await expect(drawer.getByRole("heading", { name: caseKey(3) })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await expect(linkOf(page, 3)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(drawer.getByRole("heading", { name: caseKey(3) })).toBeVisible();
  for (const number of [4, 5]) {
    await page.keyboard.press("ArrowRight");
    await expect(drawer.getByRole("heading", { name: caseKey(number) })).toBeVisible();
  }
  await page.keyboard.press("Escape");
  await expect(linkOf(page, 5)).toBeFocused();

  // On past the page's end, there is no row: the last one that has one.
  await linkOf(page, 50).click();
  await expect(drawer.getByText("50 of 50 on this page")).toBeVisible();
  await expect(drawer.getByRole("button", { name: "Next" })).toBeEnabled();
  await page.keyboard.press("ArrowRight");
  await expect(drawer.getByRole("heading", { name: caseKey(51) })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(linkOf(page, 50)).toBeFocused();

  // A click anywhere on a row opens it, but not one that ends a selection of text.
  await row(page, 7).getByText("Yes, 7.").click();
  await expect(drawer.getByRole("heading", { name: caseKey(7) })).toBeVisible();
  await expectAccessible(page, ["light"]);
  await page.getByRole("button", { name: "Close" }).click();
  await expect(linkOf(page, 7)).toBeFocused();
  const text = row(page, 8).getByText("It depends, 8.");
  await text.evaluate((element) => getSelection()?.selectAllChildren(element));
  await text.dispatchEvent("click");
  expect(await page.evaluate(() => getSelection()?.toString())).toBe("It depends, 8.");
  await expect(drawer).toHaveCount(0);
});

test("the keys of the table work from the page and from the pane it scrolls in, not in a field or a dialog", async ({
  page,
}) => {
  const path = await openCases(page, "cases/keys");
  await page.keyboard.press("ArrowDown");
  await expect(linkOf(page, 1)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(linkOf(page, 2)).toBeFocused();
  const pane = page.getByRole("group", { name: "Cases" });
  await pane.focus();
  await page.keyboard.press("ArrowUp");
  await expect(linkOf(page, 2)).toBeFocused();
  await pane.focus();
  await page.keyboard.press("End");
  await expect(linkOf(page, 50)).toBeFocused();
  await page.keyboard.press("x");
  await expect(boxOf(page, 50)).toBeChecked();
  await page.keyboard.press("x");

  // The first key only leads there: nothing is selected or opened that nobody was at.
  await page.goto(path);
  await isAlive(row(page, 50));
  await page.keyboard.press("x");
  await expect(linkOf(page, 1)).toBeFocused();
  await expect(boxOf(page, 1)).not.toBeChecked();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByRole("heading", { name: caseKey(1) })).toBeVisible();
  await page.keyboard.press("End");
  await page.keyboard.press("Escape");
  await expect(linkOf(page, 1)).toBeFocused();
  const search = page.getByRole("searchbox", { name: "Text" });
  await search.fill("Question 6");
  await search.press("Home");
  await search.press("x");
  await expect(search).toBeFocused();
  await expect(search).toHaveValue("xQuestion 6");

  // The second stop of the page leads to the table.
  await page.goto(path);
  await isAlive(row(page, 50));
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the cases" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(pane).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(linkOf(page, 1)).toBeFocused();
});

test("Shift selects a range, by the boxes, by the rows and by the keys", async ({ page }) => {
  await openCases(page, "cases/range");
  await boxOf(page, 2).check();
  await boxOf(page, 5).click({ modifiers: ["Shift"] });
  await expect(selected(page)).toHaveText("4 selected");
  await row(page, 8)
    .getByText("Question 8?")
    .click({ modifiers: ["Shift"] });
  await expect(selected(page)).toHaveText("7 selected");
  expect(await page.evaluate(() => getSelection()?.toString())).toBe("");
  await boxOf(page, 8).uncheck();
  await boxOf(page, 2).click({ modifiers: ["Shift"] });
  await expect(selected(page)).toHaveCount(0);

  await linkOf(page, 10).focus();
  for (let press = 0; press < 3; press++) await page.keyboard.press("Shift+ArrowDown");
  await expect(selected(page)).toHaveText("4 selected");
  await page.keyboard.press("Shift+ArrowUp");
  await expect(selected(page)).toHaveText("3 selected");
  await expect(boxOf(page, 13)).not.toBeChecked();
  await linkOf(page, 20).focus();
  await page.keyboard.press("Shift+X");
  await expect(selected(page)).toHaveText("11 selected");
  await expectAccessible(page, ["light"]);
});

test("a header sorts up, then down, then no more, and says so", async ({ page }) => {
  const path = await openCases(page, "cases/sort");
  const head = (name: string) => page.getByRole("columnheader", { name });
  for (const [name, sort, up, down] of [
    ["Case", "case", 1, 60],
    ["Flip", "worst", 1, 4],
    ["machine", "judge", 4, 1],
  ] as const) {
    const column = head(name);
    await expect(column).not.toHaveAttribute("aria-sort");
    await column.getByRole("link").click();
    await expect(page).toHaveURL(`${path}?sort=${sort}`);
    await expect(column).toHaveAttribute("aria-sort", "ascending");
    await expect(firstCase(page)).toHaveText(caseKey(up));
    await column.getByRole("link").click();
    await expect(page).toHaveURL(`${path}?sort=-${sort}`);
    await expect(column).toHaveAttribute("aria-sort", "descending");
    await expect(firstCase(page)).toHaveText(caseKey(down));
    await column.getByRole("link").click();
    await expect(page).toHaveURL(path);
    await expect(column).not.toHaveAttribute("aria-sort");
    await expect(firstCase(page)).toHaveText(caseKey(1));
  }
});

test("a link to a case that is not there says so, and the table is there", async ({ page }) => {
  const path = await openCases(page, "cases/gone");
  const notice = page.getByRole("status").filter({ hasText: "No such case is in this release." });
  for (const open of ["999999999", "12x", "0"]) {
    await page.goto(`${path}?open=${open}`);
    await expect(notice).toBeVisible();
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await isAlive(row(page, 50));
  }
  await expectAccessible(page, ["light"]);
  await linkOf(page, 2).click();
  await expect(page.getByRole("dialog").getByRole("heading", { name: caseKey(2) })).toBeVisible();
  await expect(notice).toHaveCount(0);
  const shared = page.url();
  await page.goto(shared);
  await expect(page.getByRole("dialog").getByRole("heading", { name: caseKey(2) })).toBeVisible();
});

test("the filters count what their lists show", async ({ page }) => {
  const path = await openCases(page, "cases/counts");
  const counts = page.getByRole("navigation", { name: "Filter by flip" }).getByRole("link");
  await expect(counts).toHaveText(["all60", "▲ better15", "▼ worse0", "= same45", "! no verdict0"]);
  await page.goto(`${path}?mustPass=yes`);
  await expect(counts).toHaveText(["all1", "▲ better0", "▼ worse0", "= same1", "! no verdict0"]);
  await expect(page.getByText("of the cases under the other filters.")).toBeVisible();
  await page.goto(`${path}?reviewed=yes&flip=better`);
  await expect(counts).toHaveText(["all0", "▲ better0", "▼ worse0", "= same0", "! no verdict0"]);
  await expect(page.getByText("No case matches")).toBeVisible();
  await page.goto(`${path}?q=Question%206`);
  await expect(page.getByText("without those by text, tag and “not graded”")).toBeVisible();
});

test("a hidden column stays hidden when filters are cleared", async ({ page }) => {
  const path = await openCases(page, "cases/hidden");
  const flip = page.getByRole("columnheader", { name: "Flip" });
  await expect(flip).toBeVisible();
  for (const [filter, link] of [
    ["mustPass=yes", "Clear"],
    ["cell=1.candidate.tp", "Show all"],
    ["cell=1.candidate.tp", "Clear"],
  ]) {
    await page.goto(`${path}?${filter}&hide=slice%2Cflip`);
    await page.getByRole("link", { name: link, exact: true }).click();
    await expect(page).toHaveURL(`${path}?hide=slice%2Cflip`);
    await isAlive(row(page, 50));
    await expect(flip).toHaveCount(0);
  }
});

test("a damaged address shows the first page, or that nothing is there", async ({ page, allowConsoleError }) => {
  const path = await openCases(page, "cases/address");
  for (const query of ["after=garbage", "before=garbage", "sort=case&after=WzUsNV0", "after=a&after=b", "q=%00"]) {
    expect((await page.goto(`${path}?${query}`))?.status(), query).toBe(200);
    await expect(firstCase(page)).toHaveText(caseKey(1));
  }
  for (const at of ["/audit/decisions?before=1.5", "/audit/decisions?before=99999999999999999999"]) {
    expect((await page.goto(at))?.status(), at).toBe(200);
  }
  await signIn(page, "auditor");
  for (const day of ["garbage", "0000-01-01"]) {
    expect((await page.goto(`/audit?from=${day}`))?.status(), day).toBe(200);
    await expect(page.getByText("A date looks like 2026-01-31.")).toBeVisible();
  }
  allowConsoleError(/404/);
  for (const at of [`${path}/999999`, "/prompts/%00", "/prompts/%E0%A4%A"]) {
    expect((await page.goto(at))?.status(), at).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Nothing here");
  }
});
