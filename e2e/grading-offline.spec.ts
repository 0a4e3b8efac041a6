import type { BrowserContext } from "playwright/test";
import { releaseWithDraws, tokenOf } from "./support/bundle";
import { policyLike, sql } from "./support/database";
import { networkTo } from "./support/network";
import { expect, type Page, rest, server, signIn, test } from "./support/test";

const networkErrors =
  /ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to fetch|Failed to load resource/;

/** The service worker has the shell, so that the page opens without a network. */
async function shellIsKept(page: Page): Promise<void> {
  await expect
    .poll(() => page.evaluate(async () => Boolean(await caches.match("/review/offline"))), { timeout: 20_000 })
    .toBe(true);
}

const shown = async (page: Page) => (await page.getByRole("article").getAttribute("aria-label")) ?? "";

/** Grades so many cases by the keyboard; the next case is there each time, also without a network. */
async function grade(page: Page, count: number): Promise<string[]> {
  const graded: string[] = [];
  for (let number = 0; number < count; number++) {
    await expect(page.getByRole("article")).toBeVisible();
    const name = await shown(page);
    await page.keyboard.press("1");
    await page.keyboard.press("9");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("article", { name, exact: true })).toHaveCount(0);
    graded.push(name.replace("Case ", ""));
  }
  return graded;
}

/** Presses Enter and counts the frames until another case stands there. */
function framesToNext(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const label = () => document.querySelector("article")?.getAttribute("aria-label");
    const before = label();
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    for (let frame = 1; frame < 100; frame++) {
      await new Promise(requestAnimationFrame);
      if (label() && label() !== before) return frame;
    }
    return Number.POSITIVE_INFINITY;
  });
}

async function another(context: BrowserContext, release: number, at = server().url): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${at}/review/${release}`);
  return page;
}

test("a grade that is lost alone is sent again, although what was asked beside it gets through", async ({
  page,
  allowConsoleError,
}) => {
  allowConsoleError(networkErrors);
  const release = await releaseWithDraws("graded/one-lost", 6, 5);
  await signIn(page, "reviewer");
  let lost = () => {};
  const isLost = new Promise<void>((resolve) => {
    lost = resolve;
  });
  let [asked, sent] = [0, 0];
  await page.route("**/api/next", async (route) => {
    // The third case comes only once the grade of the first was lost.
    if (++asked === 3) await isLost;
    await route.continue();
  });
  await page.route("**/api/grades", async (route) => {
    if (++sent > 1) return route.continue();
    await route.abort("connectionfailed");
    lost();
  });
  await page.goto(`/review/${release}`);
  await grade(page, 1);
  await expect(page.getByText("stored 1")).toBeVisible();
  expect(sent).toBe(2);
});

test("30 cases, the network cut after the 10th and back after the 20th, the tab closed in between: 30 grades, each once", async ({
  page: first,
  context,
  allowConsoleError,
}) => {
  allowConsoleError(networkErrors);
  // Repeats of a case would come up by chance after the 20th.
  const policy = await policyLike("unchecked", { checks: { repeats: 0, sentinels: 0 } });
  const release = await releaseWithDraws("graded/offline", 32, 30, policy);
  const network = await networkTo(server().url);
  await signIn(first, "reviewer");
  await first.goto(`${network.url}/review/${release}`);
  await shellIsKept(first);
  const graded = await grade(first, 10);
  await expect(first.getByText("stored 10")).toBeVisible();
  await expect(first.getByText("12 cases at hand")).toBeVisible();

  network.cut();
  graded.push(...(await grade(first, 3)));
  graded.push((await shown(first)).replace("Case ", ""));
  await first.keyboard.press("1");
  await first.keyboard.press("9");
  expect(
    await framesToNext(first),
    "the next case is painted in the frame after the key, without a server",
  ).toBeLessThan(3);
  await expect(first.getByText("on the way 4")).toBeVisible();
  await expect(first.getByText("no connection, kept here")).toBeVisible();
  // A grade that was begun survives too.
  const begun = await shown(first);
  await first.keyboard.press("2");
  await first.close();

  // Opened again while the network is still cut.
  let page = await another(context, release, network.url);
  await expect(page.getByRole("article", { name: begun, exact: true })).toBeVisible();
  await expect(page.getByRole("group", { name: /Answer A/ }).getByRole("button", { name: "fail" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(page.getByText("on the way 4")).toBeVisible();
  // It is the kept shell, in which nothing of the release is written.
  expect(await page.evaluate(() => Array.from(document.scripts, (script) => script.text).join(""))).not.toContain(
    "graded/offline",
  );
  graded.push(...(await grade(page, 3)));
  await page.reload();
  await expect(page.getByText("on the way 7")).toBeVisible();
  graded.push(...(await grade(page, 3)));
  // Going back takes the last one out of what waits for delivery.
  await page.keyboard.press("u");
  await expect(page.getByText("on the way 9")).toBeVisible();
  await expect(page.getByRole("article", { name: `Case ${graded.at(-1)}`, exact: true })).toBeVisible();
  await page.keyboard.press("Enter");
  await page.keyboard.press("o");
  await expect(page.getByRole("list", { name: "Not delivered yet" }).locator(":scope > li")).toHaveCount(10);
  await page.keyboard.press("Escape");
  const [during] = await sql<{ n: number }>(
    "SELECT count(DISTINCT case_id)::int AS n FROM review WHERE release_id = $1",
    [release],
  );
  expect(during!.n).toBe(10);
  await page.close();

  network.mend();
  page = await another(context, release, network.url);
  await expect(page.getByText("stored 10")).toBeVisible();
  graded.push(...(await grade(page, 10)));
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();

  expect(new Set(graded).size).toBe(30);
  const rows = await sql<{ case: string; grades: number; verdicts: string }>(
    `SELECT c.key AS "case", count(*)::int AS grades, string_agg(rv.side || rv.verdict::text, ' ' ORDER BY rv.side) AS verdicts
       FROM review rv JOIN test_case c ON c.id = rv.case_id WHERE rv.release_id = $1 GROUP BY 1`,
    [release],
  );
  expect(rows.map((row) => row.case).sort()).toEqual([...graded].sort());
  expect(rows.filter(({ grades, verdicts }) => grades !== 2 || verdicts !== "Apass Bfail")).toEqual([]);
  const [sent] = await sql<{ n: number }>("SELECT count(*)::int AS n FROM review_submission WHERE release_id = $1", [
    release,
  ]);
  expect(sent!.n).toBe(30);
  const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => /outbox|draft/.test(key)));
  expect(kept).toEqual([]);
  await page.close();
  await network.close();
});

test("two tabs show different cases and deliver each grade once", async ({ page, context, allowConsoleError }) => {
  allowConsoleError(networkErrors);
  const release = await releaseWithDraws("graded/two-tabs", 10, 8);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  await expect(page.getByText("8 cases at hand")).toBeVisible();
  const other = await another(context, release);
  await expect(other.getByRole("article")).toBeVisible();
  expect(await shown(other)).not.toBe(await shown(page));
  await context.setOffline(true);
  const graded = [...(await grade(page, 2)), ...(await grade(other, 2))];
  await expect(page.getByText("on the way 4")).toBeVisible();
  await expect(other.getByText("on the way 4")).toBeVisible();
  await context.setOffline(false);
  for (const tab of [page, other]) {
    await tab.evaluate(() => window.dispatchEvent(new Event("online")));
    await expect(tab.getByText("on the way")).toHaveCount(0);
  }
  graded.push(...(await grade(page, 2)), ...(await grade(other, 1)));
  await other.close();
  graded.push(...(await grade(page, 1)));
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();
  expect(new Set(graded).size).toBe(8);
  const [sent] = await sql<{ n: number; cases: number }>(
    "SELECT count(*)::int AS n, (SELECT count(DISTINCT case_id)::int FROM review WHERE release_id = $1) AS cases FROM review_submission WHERE release_id = $1",
    [release],
  );
  expect(sent).toEqual({ n: 8, cases: 8 });
});

test("a grade that the server refuses stays listed, with why, until it is let go", async ({
  page,
  context,
  allowConsoleError,
}) => {
  allowConsoleError(networkErrors);
  allowConsoleError(/409/);
  const release = await releaseWithDraws("graded/refused", 4, 2);
  const { email } = await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  await expect(page.getByText("2 cases at hand")).toBeVisible();
  await context.setOffline(true);
  const [key] = await grade(page, 1);

  // Meanwhile the same person grades the same case through a program.
  const token = await tokenOf(email);
  const task = await rest<{ task: string; case: string }>("GET", `/releases/${release}/queue/next`, undefined, token);
  expect(task.case).toBe(key);
  const grades = ["A", "B"].map((side) => ({ side, criterion: "useful", verdict: "pass" }));
  await rest("POST", `/releases/${release}/reviews`, { task: task.task, grades, clientKey: "elsewhere" }, token);

  await context.setOffline(false);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await expect(page.getByText("not taken 1")).toBeVisible();
  await expect(page.getByRole("alert").filter({ hasText: "1 case was not taken" })).toContainText(
    "You graded this case already.",
  );
  await page.keyboard.press("o");
  const entry = page.getByRole("list", { name: "Not delivered yet" }).getByRole("listitem").first();
  await expect(entry).toContainText(`Grade, case ${key}`);
  await expect(entry).toContainText("You graded this case already. Correct it instead.");
  await expect(entry).toContainText("B, useful: fail");
  await page.keyboard.press("Escape");
  await page.reload();
  await expect(page.getByText("not taken 1")).toBeVisible();
  await page.keyboard.press("o");
  await page.getByRole("button", { name: "Let it go" }).click();
  await expect(page.getByText("Everything is stored.")).toBeVisible();
  await page.keyboard.press("Escape");
  await grade(page, 1);
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();
});

test("what the judge said and how far one is are shown although another page of Countersign delivers the grades", async ({
  page,
  context,
}) => {
  const release = await releaseWithDraws("graded/beside-a-brief", 8, 6);
  await signIn(page, "reviewer");
  const brief = await context.newPage();
  await brief.goto(`${server().url}/releases/${release}`);
  await expect(brief.getByRole("heading", { name: "Gates" })).toBeVisible();
  await page.goto(`/review/${release}`);
  for (let number = 1; number <= 5; number++) {
    const [key] = await grade(page, 1);
    await expect(page.getByRole("region", { name: "What the judge said" })).toContainText(`Case ${key}:`);
    await expect(page.getByText(`stored ${number} ·`)).toBeVisible();
    await expect(page.getByText(`you graded ${number} of 6`)).toBeVisible();
  }
  await expect(page.getByText(/interval ±[\d.]+ → ±[\d.]+ pt/)).toBeVisible();
});

test("a grading that is closed under somebody who grades asks for no more, keeps what was not taken, and goes on once it is reopened", async ({
  page,
  allowConsoleError,
}) => {
  allowConsoleError(/409/);
  const release = await releaseWithDraws("graded/closed-under-me", 8, 5);
  await signIn(page, "reviewer");
  // The last that the screen asks by itself: afterwards it hears of the closing by its own grade.
  const quiet = page.waitForResponse(/\/api\/held$/);
  await page.goto(`/review/${release}`);
  await quiet;
  await expect(page.getByText("5 cases at hand")).toBeVisible();
  const waiting = await shown(page);
  await rest("POST", `/releases/${release}/close`);
  await page.keyboard.press("1");
  await page.keyboard.press("9");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "No grades are taken now" })).toBeVisible();
  await expect(page.getByText("you graded 0 of 5")).toBeVisible();
  await expect(page.getByText("not taken 1")).toBeVisible();
  // No key grades what is not on the screen.
  for (const key of ["1", "9", "Enter"]) await page.keyboard.press(key);
  await page.keyboard.press("o");
  const entries = page.getByRole("list", { name: "Not delivered yet" }).getByRole("listitem");
  await expect(entries.filter({ hasText: "Grade, case" })).toHaveCount(1);
  await expect(entries.first()).toContainText(`Grade, case ${waiting.replace("Case ", "")}`);
  await page.keyboard.press("Escape");

  await rest("POST", `/releases/${release}/reopen`, { reason: "more grades are needed" });
  await page.getByRole("button", { name: "Ask again" }).click();
  await expect(page.getByRole("article")).toBeVisible();
  await page.keyboard.press("o");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Everything is stored.")).toBeVisible();
  await page.keyboard.press("Escape");
  await grade(page, 4);
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();
  await expect(page.getByText("you graded 5 of 5")).toBeVisible();
});

test("signing out takes cases and the kept page out of the browser, and asks about what is not delivered", async ({
  page,
  context,
  allowConsoleError,
}) => {
  allowConsoleError(networkErrors);
  const release = await releaseWithDraws("graded/sign-out", 6, 4);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  await shellIsKept(page);
  await expect(page.getByText("4 cases at hand")).toBeVisible();
  const desk = await context.newPage();
  await desk.goto("/");
  await context.setOffline(true);
  await grade(page, 1);
  await desk.getByRole("button", { name: "Sign out" }).click();
  await expect(desk.getByRole("dialog", { name: "1 grade or reason not delivered" })).toBeVisible();
  await desk.getByRole("button", { name: "Stay signed in" }).click();
  await page.close();
  await context.setOffline(false);
  await desk.getByRole("button", { name: "Sign out" }).click();
  await desk.waitForURL("**/sign-in");
  const left = await desk.evaluate(async () => ({
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    notes: Object.keys(localStorage).filter((key) => key.startsWith("countersign-review/") || key.includes("outbox")),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  expect(left).toEqual({ caches: [], databases: [], notes: [], workers: 0 });
  // The grade was delivered on the way out.
  const [stored] = await sql<{ n: number }>("SELECT count(*)::int AS n FROM review_submission WHERE release_id = $1", [
    release,
  ]);
  expect(stored!.n).toBe(1);
});
