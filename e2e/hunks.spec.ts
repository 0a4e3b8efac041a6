import { gradeAll, importFiles, tokenOf } from "./support/bundle";
import { sql } from "./support/database";
import { networkTo } from "./support/network";
import { auditEvents, expect, expectAccessible, isAlive, type Page, rest, server, signIn, test } from "./support/test";

const cite = "Always cite the page of the policy that applies.";
const before = `You are the assistant of a shop.\n${cite}\nBe kind.\nAlways explain the policy in full.\nNever invent a fee.\n`;
const after = `You are the assistant of a shop.\nBe kind.\nExplain the policy in one line.\nNever invent a fee.\n${cite}\n`;

/** Two versions that differ in a line, a block that moved, a parameter and the model; all cases drawn for grading. */
async function releaseWithHunks(prompt: string, cases: number): Promise<number> {
  const keys = Array.from({ length: cases }, (_, index) => `case-${String(index + 1).padStart(3, "0")}`);
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const each = <T>(row: (key: string, version: "old" | "new") => T) =>
    keys.flatMap((key) => (["old", "new"] as const).map((version) => row(key, version)));
  const version = (key: string, system: string, temperature: number, model: string) => ({
    key,
    content: {
      model,
      messages: [
        { role: "system", content: system },
        { role: "user", content: "{{question}}" },
      ],
      parameters: { temperature },
    },
  });
  await importFiles({
    "bundle.json": JSON.stringify({
      format: "countersign-bundle/1",
      prompt,
      dataset: `${prompt} cases`,
      criteria: [{ key: "useful", name: "Useful", rubric: "Pass when it helps. Fail when it does not." }],
      judges: [{ key: "machine", criterion: "useful", model: "judge-1", prompt: "Does it help?" }],
      versions: [version("old", before, 0, "answers-1"), version("new", after, 0.7, "answers-2")],
    }),
    "cases.jsonl": lines(keys.map((key) => ({ case: key, input: `What does ${key} cost?` }))),
    "outputs.jsonl": lines(
      each((key, of) => ({
        case: key,
        version: of,
        output:
          of === "old"
            ? `It depends: the policy for ${key} has three parts.`
            : `Yes: the policy for ${key} has one part.`,
      })),
    ),
    "verdicts.jsonl": lines(
      each((key, of) => ({ case: key, version: of, judge: "machine", verdict: "pass", rationale: `says of ${of}` })),
    ),
  });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: cases, seed: prompt });
  return Number(id);
}

/** Grades the case on the screen by its keys, and says which it was. */
async function grade(page: Page, verdicts: { old: "pass" | "fail"; new: "pass" | "fail" }): Promise<string> {
  const article = page.getByRole("article");
  await expect(article).toBeVisible();
  const key = ((await article.getAttribute("aria-label")) ?? "").replace("Case ", "");
  const a = (await page.getByRole("region", { name: "Answer A" }).textContent()) ?? "";
  const [sideA, sideB] = a.includes("Yes:") ? (["new", "old"] as const) : (["old", "new"] as const);
  await page.keyboard.press(verdicts[sideA] === "pass" ? "1" : "2");
  await page.keyboard.press(verdicts[sideB] === "pass" ? "8" : "9");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "What the judge said" })).toContainText(`Case ${key}:`);
  return key;
}

test("a graded case is attributed to a hunk by the keyboard, and stands in the ledger under it", async ({ page }) => {
  const release = await releaseWithHunks("hunks/attributed", 5);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const dialog = page.getByRole("dialog", { name: "Which hunk was the reason?" });
  await page.getByRole("button", { name: "Attribute to a hunk" }).click();
  await expect(dialog.getByRole("alert")).toContainText("You have graded no case here yet");
  await page.keyboard.press("Escape");
  const stored = page.getByRole("status").filter({ hasText: "Stored." });

  const worse = await grade(page, { old: "pass", new: "fail" });
  const next = (await page.getByRole("article").getAttribute("aria-label")) ?? "";
  await page.keyboard.press("h");
  await expect(dialog).toBeVisible();
  await expect(dialog).toContainText(`Case ${worse}`);
  await expect(dialog).toContainText("you found new worse than old");
  const boxes = dialog.getByRole("checkbox");
  await expect(boxes).toHaveCount(5);
  await expect(dialog.getByRole("checkbox", { name: "Hunk 1: system message, moved" })).toBeFocused();
  await expectAccessible(page);
  // Nothing is stored until something is chosen.
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("Choose a hunk");
  await page.keyboard.press("2");
  await expect(dialog.getByRole("checkbox", { name: "Hunk 2: system message, changed" })).toBeChecked();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await expect(dialog.getByRole("checkbox", { name: "Hunk 3: model, changed" })).toBeChecked();
  await page.keyboard.press("3");
  await expect(dialog.getByRole("checkbox", { name: "Hunk 3: model, changed" })).not.toBeChecked();
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(stored).toHaveText(`Stored. Hunk 2 hurt case ${worse} on useful.`);

  // The next case heard none of these keys.
  await expect(page.getByRole("article", { name: next })).toBeVisible();
  await expect(page.getByRole("article").getByRole("button", { name: /pass|fail/, pressed: true })).toHaveCount(0);

  const better = await grade(page, { old: "fail", new: "pass" });
  await page.keyboard.press("h");
  await expect(dialog).toContainText("you found new better than old");
  await expect(dialog.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("0");
  await page.keyboard.press("Enter");
  await expect(stored).toHaveText(`Stored. No hunk helped case ${better} on useful.`);

  await grade(page, { old: "fail", new: "fail" });
  await page.keyboard.press("h");
  await expect(dialog).toContainText("You graded both answers alike");
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);

  const open = await grade(page, { old: "pass", new: "fail" });
  await page.goto(`/releases/${release}/changes`);
  const ledger = page.getByRole("region", { name: "Hunk ledger" });
  await expect(ledger.getByRole("link", { name: /^2 system message, changed/ })).toContainText("helped 0hurt 1");
  await expect(ledger.getByRole("link", { name: /No hunk/ })).toContainText("helped 1hurt 0");
  await expect(ledger.getByRole("link", { name: /Not attributed yet/ })).toContainText("helped 0hurt 1");

  // A hunk selects its answers, and the address says so.
  await page.getByRole("link", { name: "Hunk 2: system message, changed" }).click();
  await expect(page).toHaveURL(/\?hunk=[0-9a-f]{12}$/);
  await expect(page.getByRole("heading", { name: "Answers attributed to hunk 2" })).toBeVisible();
  const whatIf = page.getByRole("region", { name: "What if we dropped hunk 2?" });
  await expect(whatIf).toContainText("For dropping it: 1 case that it hurt");
  await expect(whatIf).toContainText("Against: no case that you may see.");
  await expect(page.getByRole("navigation", { name: "Cases" })).toContainText("1 of 1");
  await expect(page.getByRole("link", { name: worse }).first()).toBeVisible();
  await expect(page.getByRole("list", { name: "Reasons" })).toContainText("Hunk 2 hurt on useful");
  const shared = page.url();
  await page.goto("/");
  await page.goto(shared);
  await expect(page.getByRole("heading", { name: "Answers attributed to hunk 2" })).toBeVisible();
  for (const view of ["Lines", "Side by side", "Words"]) {
    await page.getByRole("navigation", { name: "View" }).getByRole("link", { name: view }).click();
    await expect(page.getByRole("navigation", { name: "View" }).getByRole("link", { name: view })).toHaveAttribute(
      "aria-current",
      "true",
    );
    await expectAccessible(page);
  }
  await page.getByRole("link", { name: "Parameters", exact: true }).click();
  await expect(page.getByRole("region", { name: "Messages" })).toHaveCount(0);
  await expect(page.getByRole("row", { name: /temperature/ })).toContainText("0.7");

  // What is left is attributed here too, by the same key.
  await ledger.getByRole("link", { name: /Not attributed yet/ }).click();
  await expect(page.getByRole("heading", { name: "Better or worse, not attributed yet" })).toBeVisible();
  await expect(page.getByRole("link", { name: open }).first()).toBeVisible();
  await page.getByRole("link", { name: "all answers" }).focus();
  await page.keyboard.press("h");
  await expect(dialog.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("1");
  await page.keyboard.press("4");
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("link", { name: "all answers" })).toBeFocused();
  await expect(ledger.getByRole("link", { name: /Not attributed yet/ })).toContainText("helped 0hurt 0");
  await expect(ledger.getByRole("link", { name: /^4 temperature/ })).toContainText("helped 0hurt 1");

  // J and K go through the answers, and through them only.
  await page.goto(`/releases/${release}/changes?graded=yes`);
  const cases = page.getByRole("navigation", { name: "Cases" });
  await expect(cases).toContainText("1 of 4");
  await page.keyboard.press("j");
  await expect(cases).toContainText("2 of 4");
  await page.keyboard.press("ArrowRight");
  await expect(cases).toContainText("3 of 4");
  await page.keyboard.press("k");
  await expect(cases).toContainText("2 of 4");

  await page.goto(`/releases/${release}`);
  await expect(page.getByRole("list", { name: "Hunk ledger" })).toContainText("Hunk 2, system message, changed");

  type Counted = { helped: { count: number }; hurt: { count: number; cases: { case: string }[] } };
  const answer = await rest<{ hunks: Counted[]; none: Counted; unattributed: Counted }>(
    "GET",
    `/releases/${release}/hunks`,
  );
  expect(answer.hunks.map(({ helped, hurt }) => [helped.count, hurt.count])).toEqual([
    [0, 1],
    [0, 1],
    [0, 0],
    [0, 1],
  ]);
  expect(answer.hunks[1]?.hurt.cases).toMatchObject([{ case: worse }]);
  expect(answer.none.helped.count).toBe(1);
  const attributed = (await auditEvents()).filter(({ action }) => action === "hunk.attributed");
  expect(attributed.map(({ details }) => details?.case).slice(-3)).toEqual([worse, better, open]);
});

type Stored = { case: string; effect: string; hunks: string[] };
const attributions = (release: number) =>
  sql<Stored>(
    `SELECT c.key AS "case", a.effect, a.hunks FROM attribution a JOIN test_case c ON c.id = a.case_id
      WHERE a.release_id = $1 ORDER BY a.id`,
    [release],
  );

test("a reason survives a lost answer, a dropped network and a closed tab, and is delivered once", async ({
  page,
  context,
  allowConsoleError,
}) => {
  allowConsoleError(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load resource/);
  const release = await releaseWithHunks("hunks/offline", 4);
  const network = await networkTo(server().url);
  await signIn(page, "reviewer");
  await page.goto(`${network.url}/review/${release}`);
  const dialog = page.getByRole("dialog", { name: "Which hunk was the reason?" });
  const status = (of: Page, text: string) => of.getByRole("status").filter({ hasText: text });

  // The server stores it, and its answer is lost: sent again, it is the same delivery.
  const first = await grade(page, { old: "pass", new: "fail" });
  let lost = 0;
  await page.route("**/api/hunks", async (route) => {
    if (route.request().method() !== "POST" || lost > 0) return route.continue();
    lost++;
    await route.fetch();
    await route.abort("connectionfailed");
  });
  await page.keyboard.press("h");
  await expect(dialog.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(status(page, `Stored. Hunk 2 hurt case ${first} on useful.`)).toBeVisible();
  expect(lost).toBe(1);
  await page.unroute("**/api/hunks");

  // Chosen just before the network goes; the tab is closed, and another page of Countersign delivers it.
  const second = await grade(page, { old: "pass", new: "fail" });
  await page.keyboard.press("h");
  await expect(dialog.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("3");
  network.cut();
  await page.keyboard.press("Enter");
  await expect(status(page, `Hunk 3 hurt case ${second} on useful: kept in this browser`)).toBeVisible();
  await page.keyboard.press("o");
  await expect(page.getByRole("list", { name: "Not delivered yet" })).toContainText(`Hunk 3 hurt case ${second}`);
  expect(await attributions(release)).toHaveLength(1);
  await page.close();
  network.mend();
  const later = await context.newPage();
  await later.goto(`${network.url}/`);
  await expect.poll(() => attributions(release)).toHaveLength(2);
  expect((await attributions(release)).map((row) => [row.case, row.effect, row.hunks.length])).toEqual([
    [first, "hurt", 1],
    [second, "hurt", 1],
  ]);
  const events = (await auditEvents()).filter(({ action }) => action === "hunk.attributed");
  expect(events.slice(-2).map(({ details }) => details?.case)).toEqual([first, second]);
  await network.close();
});

test("after a reload it is about the case graded last, and keys pressed while it loads are kept", async ({ page }) => {
  const release = await releaseWithHunks("hunks/early", 3);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  await grade(page, { old: "fail", new: "fail" });
  const last = await grade(page, { old: "pass", new: "fail" });
  await page.reload();
  await expect(page.getByRole("article")).toBeVisible();
  const next = (await page.getByRole("article").getAttribute("aria-label")) ?? "";
  let answer = () => {};
  const slow = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/hunks?*", async (route) => {
    await slow;
    await route.continue();
  });
  const dialog = page.getByRole("dialog", { name: "Which hunk was the reason?" });
  await page.keyboard.press("h");
  await expect(dialog).toContainText("Loading");
  for (const key of ["2", "4", "2", "Enter"]) await page.keyboard.press(key);
  await expect(dialog).toContainText("Loading");
  answer();
  await expect(dialog).toHaveCount(0);
  await expect(
    page.getByRole("status").filter({ hasText: `Stored. Hunk 4 hurt case ${last} on useful.` }),
  ).toBeVisible();
  // The case on the screen heard none of them.
  await expect(page.getByRole("article", { name: next })).toBeVisible();
  await expect(page.getByRole("article").getByRole("button", { name: /pass|fail/, pressed: true })).toHaveCount(0);
  await page.keyboard.press("h");
  await expect(dialog.getByRole("checkbox", { name: /^Hunk 4/ })).toBeChecked();
});

test("a reason that the server does not take is kept with why", async ({ page, allowConsoleError }) => {
  allowConsoleError(/409/);
  const release = await releaseWithHunks("hunks/refused", 1);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const key = await grade(page, { old: "pass", new: "fail" });
  await page.keyboard.press("h");
  const dialog = page.getByRole("dialog", { name: "Which hunk was the reason?" });
  await expect(dialog.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("2");
  await rest("POST", `/releases/${release}/close`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Not stored: The release is ready" })).toBeVisible();
  await page.keyboard.press("o");
  const kept = page.getByRole("list", { name: "Not delivered yet" });
  await expect(kept).toContainText(`Hunk 2 hurt case ${key}`);
  await kept.getByRole("button", { name: "Let it go" }).click();
  await expect(page.getByText("Everything is stored.")).toBeVisible();
  expect(await attributions(release)).toEqual([]);
});

test("the comparison of two versions has a target for each hunk, and shows what moved as moved", async ({ page }) => {
  await releaseWithHunks("hunks/compared", 2);
  await signIn(page, "viewer");
  await page.goto(`/prompts/${encodeURIComponent("hunks/compared")}/compare/old...new?view=words`);
  await expect(page.getByRole("main")).toContainText("4 hunks");
  await expect(page.getByRole("link", { name: "moved away from here" })).toBeVisible();
  await expect(page.getByRole("link", { name: "moved here" })).toBeVisible();
  await expect(page.locator("del", { hasText: cite })).toHaveCount(0);
  await expect(page.locator("ins", { hasText: cite })).toHaveCount(0);
  await page.getByRole("link", { name: "Hunk 2: system message, changed" }).click();
  await expect(page).toHaveURL(/#hunk-[0-9a-f]{12}$/);
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const view of ["words", "lines", "side"]) {
    await page.goto(`/prompts/${encodeURIComponent("hunks/compared")}/compare/old...new?view=${view}`);
    await expect(page.getByRole("link", { name: "moved here" })).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  }
});

const answers = (page: Page) => page.getByRole("navigation", { name: "Cases" });
const shownCase = (page: Page) => page.locator("#answers a[href*='/cases/']").first();

test("keys pressed fast add up, over what is known of the list too, and wait for a slow server", async ({ page }) => {
  const release = await releaseWithHunks("hunks/fast", 60);
  await signIn(page, "viewer");
  await page.goto(`/releases/${release}/changes`);
  await isAlive(answers(page));
  const key = (number: number) => `case-${String(number).padStart(3, "0")}`;
  await expect(answers(page)).toContainText("1 of 60");
  let free = () => {};
  const slow = new Promise<void>((resolve) => {
    free = resolve;
  });
  await page.route(/\/changes\?.*case=/, async (route) => {
    await slow;
    await route.continue();
  });
  for (let press = 0; press < 7; press++) await page.keyboard.press("j");
  await page.keyboard.press("k");
  free();
  await expect(answers(page)).toContainText("7 of 60");
  await expect(shownCase(page)).toHaveText(key(7));
  // Twenty cases each way are known at once.
  for (let press = 0; press < 45; press++) await page.keyboard.press("ArrowRight");
  await expect(answers(page)).toContainText("52 of 60");
  await expect(shownCase(page)).toHaveText(key(52));
  for (let press = 0; press < 30; press++) await page.keyboard.press("j");
  await expect(answers(page)).toContainText("60 of 60");
  await page.keyboard.press("k");
  await expect(answers(page)).toContainText("59 of 60");
  // A link to a case leads to it wherever it stands in the list, and the list goes on from there.
  await page.goto(page.url());
  await expect(answers(page)).toContainText("59 of 60");
  await expect(shownCase(page)).toHaveText(key(59));
  await answers(page).getByRole("link", { name: "Previous" }).click();
  await expect(shownCase(page)).toHaveText(key(58));
});

test("a link to a case or a hunk that can't be shown says why, and what is left out says where it waits", async ({
  page,
}) => {
  const prompt = "hunks/links";
  const first = await releaseWithHunks(prompt, 6);
  const token = await tokenOf((await signIn(page, "reviewer")).email);
  expect(await gradeAll(first, token, () => true)).toBe(6);
  await rest("POST", `/releases/${first}/withdraw`);
  const again = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  const path = `/releases/${first}/changes`;
  const notice = page.getByRole("status").filter({ hasText: "is not shown" });
  await page.goto(path);
  await expect(answers(page)).toContainText("1 of 6");
  await expect(page.getByText(/for your blind grade/)).toHaveCount(0);
  const ids = await sql<{ id: number; key: string }>(
    "SELECT c.id, c.key FROM test_case c JOIN dataset d ON d.id = c.dataset_id WHERE d.name = $1 ORDER BY c.id",
    [`${prompt} cases`],
  );

  await rest("POST", `/releases/${again.id}/draws`, { size: 2, seed: "links" });
  const drawn = await sql<{ id: number }>("SELECT case_id AS id FROM draw WHERE release_id = $1", [again.id]);
  const waiting = ids.find(({ id }) => id === drawn[0]!.id)!;
  const free = ids.filter(({ id }) => drawn.every((one) => one.id !== id));
  // It waits in another release over the same runs; this one is decided.
  await page.goto(`${path}?case=${waiting.id}`);
  await expect(notice).toContainText("It waits for your blind grade");
  await expect(notice).toContainText("Below is the first of these answers.");
  await expect(shownCase(page)).toHaveText(free[0]!.key);
  await expect(answers(page)).toContainText("1 of 4");
  await expect(page.getByRole("navigation", { name: "Filter answers" })).toContainText("all4");
  const queue = page.getByRole("link", { name: `the queue of release ${again.id}, old → new` });
  await expect(page.getByText("Left out here: 2 cases that wait for your blind grade in")).toBeVisible();
  await expect(queue).toHaveAttribute("href", `/releases/${again.id}/review`);
  await expectAccessible(page);

  await page.goto(`${path}?case=999999999`);
  await expect(notice).toContainText("No such case is in this release.");
  await page.goto(`${path}?flip=better&case=${free[1]!.id}`);
  await expect(notice).toContainText("It is not among these answers.");
  await expect(page.getByText("No answers to show")).toBeVisible();
  await notice.getByRole("link", { name: "Show it among all answers" }).click();
  await expect(notice).toHaveCount(0);
  await expect(shownCase(page)).toHaveText(free[1]!.key);
  await page.goto(`${path}?hunk=0123456789ab`);
  await expect(page.getByRole("status").filter({ hasText: "The hunk of this address is not here" })).toBeVisible();
  await expect(answers(page)).toContainText("1 of 4");

  // Cases say the same, on every count; who may not grade sees all.
  await page.goto(`/releases/${first}/cases?flip=same`);
  await expect(page.getByRole("navigation", { name: "Filter by flip" }).getByRole("link")).toHaveText([
    "all6",
    "▲ better0",
    "▼ worse0",
    "= same4",
    "! no verdict0",
  ]);
  await expect(page.locator("tbody tr")).toHaveCount(4);
  await expect(page.getByText("Left out here: 2 cases that wait for your blind grade in")).toBeVisible();
  await page.goto(`/releases/${first}/cases`);
  await expect(page.locator("tbody tr")).toHaveCount(6);
  await expect(page.getByText("2 cases wait for your blind grade in")).toBeVisible();
  await page.goto(`/releases/${first}`);
  await expect(page.getByText("2 cases wait for your blind grade in")).toBeVisible();
  await queue.click();
  await expect(page).toHaveURL(`/releases/${again.id}/review`);
  await signIn(page, "viewer");
  await page.goto(`/releases/${first}/cases?flip=same`);
  await expect(page.locator("tbody tr")).toHaveCount(6);
  await expect(page.getByText(/for your blind grade/)).toHaveCount(0);
});

test("where cases wait for one's blind grade, nobody is said to have said nothing of them", async ({ page }) => {
  const prompt = "hunks/unseen";
  const release = await releaseWithHunks(prompt, 2);
  const token = await tokenOf((await signIn(page, "reviewer")).email);
  expect(await gradeAll(release, token, () => true)).toBe(2);
  const path = `/releases/${release}/changes`;
  await page.goto(`${path}?hunk=open`);
  await isAlive(answers(page));
  await page.keyboard.press("h");
  const dialog = page.getByRole("dialog", { name: "Which hunk was the reason?" });
  await expect(dialog.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  const ledger = page.getByRole("region", { name: "Hunk ledger" });
  await expect(ledger.getByRole("link", { name: /^2 system message, changed/ })).toContainText("helped 1hurt 0");
  await rest("POST", `/releases/${release}/withdraw`);
  const { hunks } = await rest<{ hunks: { id: string }[] }>("GET", `/releases/${release}/hunks`);
  const hunk = `${path}?hunk=${hunks[1]!.id}`;
  const whatIf = page.getByRole("region", { name: "What if we dropped hunk 2?" });
  const overrides = page.getByRole("region", { name: "Overrides" });
  await page.goto(hunk);
  await expect(whatIf).toContainText("Against: 1 case that it helped.");
  await page.goto(`/releases/${release}/judges`);
  await expect(overrides.getByRole("row")).toHaveCount(3);
  await expect(overrides).not.toContainText("blind grade");

  // Both wait again, in another release over the same runs.
  const again = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${again.id}/draws`, { size: 2, seed: "unseen" });
  await page.goto(hunk);
  await expect(whatIf).toContainText("Nobody has attributed a case to it that you may see.");
  await expect(whatIf).not.toContainText("argues");
  await expect(page.getByText("Nobody has attributed such a case that you may see.")).toBeVisible();
  await expect(page.getByText("Nothing to attribute yet in the cases that you may see.")).toBeVisible();
  await expect(page.getByText("Left out here: 2 cases that wait for your blind grade in")).toBeVisible();
  for (const [query, said] of [
    ["", "There is no case that you may see."],
    ["?hunk=open", "There is no such case that you may see."],
    ["?flip=worse", "No case that you may see matches this filter."],
  ]) {
    await page.goto(`${path}${query}`);
    await expect(page.getByText(said!, { exact: true })).toBeVisible();
  }
  await page.goto(`/releases/${release}/judges`);
  await expect(overrides).toContainText("There is none yet that you may see.");
  await expect(overrides).toContainText("Left out here: 2 cases that wait for your blind grade in");
  await expectAccessible(page);
});

test("? lists the keys of Changes, and comparing other versions leads back to the release", async ({ page }) => {
  const prompt = "hunks/keys";
  const release = await releaseWithHunks(prompt, 2);
  const content = { messages: [{ role: "system", content: "Be kind." }] };
  await rest("POST", `/prompts/${encodeURIComponent(prompt)}/versions`, { key: "newest", content });
  await signIn(page, "viewer");
  await page.goto(`/releases/${release}/changes`);
  await isAlive(answers(page));
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet.getByRole("heading", { name: "Changes" })).toBeVisible();
  await expect(sheet).toContainText("J→the next answer");
  await expect(sheet).toContainText("Hwhich hunk was the reason");
  await page.keyboard.press("Escape");
  await page.goto(`/releases/${release}/cases`);
  await isAlive(page.locator("tbody tr").first());
  await page.keyboard.press("?");
  await expect(sheet).toContainText("⇧Xselect all from the one before to this one");
  await expect(sheet).toContainText("⇧↑⇧↓");
  await page.keyboard.press("Escape");

  await page.goto(`/releases/${release}/changes`);
  await page.getByText("Compare other versions").click();
  const form = page.getByRole("form", { name: "Compare versions" });
  await form.getByLabel("with").selectOption("newest");
  await form.getByRole("button", { name: "Compare" }).click();
  const between = page.getByRole("region", { name: "Releases between these versions" });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("old → newest");
  await expect(between).toContainText("None so far.");
  await page.getByRole("navigation", { name: "View" }).getByRole("link", { name: "Words" }).click();
  await expect(page).toHaveURL(new RegExp(`\\?release=${release}&view=words$`));
  // From here too another comparison leads back.
  await form.getByLabel("with").selectOption("new");
  await form.getByRole("button", { name: "Compare" }).click();
  await expect(between.getByRole("link")).toHaveText([`Release ${release}, old → new`]);
  await expect(between).toContainText("grading");
  await expectAccessible(page);
  await page.getByRole("link", { name: `Back to the changes of release ${release}, old → new` }).click();
  await expect(page).toHaveURL(`/releases/${release}/changes`);

  // To what was seen there, and to nothing that the address makes up.
  const { hunks } = await rest<{ hunks: { id: string }[] }>("GET", `/releases/${release}/hunks`);
  const seen = `/releases/${release}/changes?hunk=${hunks[1]!.id}&flip=worse&case=1&view=lines`;
  await page.goto(seen);
  await page.getByText("Compare other versions").click();
  await form.getByLabel("with").selectOption("newest");
  await form.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("old → newest");
  await page.getByRole("navigation", { name: "View" }).getByRole("link", { name: "Words" }).click();
  await expect(page).toHaveURL(/&view=words$/);
  await form.getByLabel("with").selectOption("new");
  await form.getByRole("button", { name: "Compare" }).click();
  await expect(between.getByRole("link")).toHaveCount(1);
  const back = page.getByRole("link", { name: /Back to the changes/ });
  await expect(back).toHaveAttribute("href", seen);
  await back.click();
  await expect(page).toHaveURL(seen);
  await expect(page.getByRole("heading", { name: "Answers attributed to hunk 2" })).toBeVisible();
  const madeUp = encodeURIComponent("https://example.com/?flip=worse&part=x&next=//example.com&answers=apart");
  await page.goto(`/prompts/${encodeURIComponent(prompt)}/compare/old...new?release=${release}&changes=${madeUp}`);
  await expect(back).toHaveAttribute("href", `/releases/${release}/changes?answers=apart`);

  await page.goto(`/prompts/${encodeURIComponent(prompt)}/compare/old...new?release=999999`);
  await expect(page.getByRole("link", { name: /Back to the changes/ })).toHaveCount(0);
});
