import { releaseWithDraws } from "./support/bundle";
import { type Page, rest, signIn, test } from "./support/test";

const dir = "/tmp/shots-grading";
async function shoot(page: Page, name: string, full = false) {
  for (const [colorScheme, width] of [
    ["light", 1440],
    ["dark", 1440],
    ["light", 390],
    ["dark", 390],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    await page.screenshot({ path: `${dir}/${name}-${width}-${colorScheme}.png`, fullPage: full });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("look", async ({ page, context, allowConsoleError }) => {
  test.setTimeout(170_000);
  allowConsoleError(/./);
  await signIn(page, "reviewer");
  const { items } = await rest<{ items: { id: number; state: string; prompt: string }[] }>("GET", "/releases").catch(
    () => ({ items: [] }),
  );
  const demo = items.find(({ state }) => state === "grading");
  if (demo) {
    await page.goto(`/review/${demo.id}`);
    await page.getByRole("article").waitFor();
    await shoot(page, "demo-first", true);
    await page.keyboard.press("d");
    await page.keyboard.press("m");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await shoot(page, "demo-marking");
    await page.keyboard.press("Enter");
    await page.keyboard.type("this leaves out the fee");
    await shoot(page, "demo-commenting");
    await page.keyboard.press("Enter");
    await page.keyboard.press("d");
    await shoot(page, "demo-commented", true);
  }
  const release = await releaseWithDraws("look/grading", 16, 14);
  await page.goto(`/review/${release}`);
  await page.getByText("12 cases at hand").waitFor();
  await page.keyboard.press("?");
  await shoot(page, "keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  await shoot(page, "later");
  await page.keyboard.press("Escape");
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press("2");
    await page.keyboard.press("9");
    await page.keyboard.press("Enter");
    await page.getByText(`stored ${i + 1}`).waitFor();
  }
  await page.getByRole("button", { name: /Change my mind/ }).waitFor();
  await shoot(page, "reveal", true);
  await page.keyboard.press("k");
  await shoot(page, "kept");
  await page.keyboard.press("c");
  await page.getByText("You graded this case before.").waitFor();
  await shoot(page, "mind", true);
  await page.keyboard.press("Enter");
  await page.getByText("counts as a flip").waitFor();
  await shoot(page, "flip");
  await page.keyboard.press("y");
  await page.getByRole("list", { name: "What you graded" }).waitFor();
  await shoot(page, "history");
  await page.keyboard.press("Escape");
  await context.setOffline(true);
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("2");
    await page.keyboard.press("9");
    await page.keyboard.press("n");
    await page.keyboard.type("a note");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
  }
  await shoot(page, "offline");
  await page.keyboard.press("o");
  await shoot(page, "undelivered");
  await page.keyboard.press("Escape");
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press("2");
    await page.keyboard.press("9");
    await page.keyboard.press("Enter");
  }
  await shoot(page, "offline-empty");
  const other = await context.newPage();
  await other.goto(`/review/999`).catch(() => undefined);
  await shoot(other, "offline-nothing");
  await other.close();
  await context.setOffline(false);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await page
    .getByText("Nothing more waits for you")
    .waitFor({ timeout: 20_000 })
    .catch(() => undefined);
  await shoot(page, "end");
  await signIn(page, "release_manager");
  await page.goto(`/releases/${release}/review?state=done`);
  await shoot(page, "tab", true);
});
