import { createHash } from "node:crypto";
import {
  caseKey,
  gradeAll,
  importFiles,
  preferenceFiles,
  preferenceRationaleOf,
  rationaleOf,
  releaseWithDraws,
  tokenOf,
} from "./support/bundle";
import { policyLike } from "./support/database";
import {
  auditActions,
  auditEvents,
  expect,
  expectAccessible,
  type Page,
  rest,
  server,
  signIn,
  signInAs,
  test,
} from "./support/test";

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
  ...new Set(text.match(/rationale (old|new|pair) case-\d{3} because/g) ?? []),
];

/** A release on which answer is better, all of it drawn. */
async function preferenceRelease(prompt: string, cases: number, mixed = false): Promise<number> {
  await importFiles(preferenceFiles({ prompt, cases, mixed }));
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: cases, seed: prompt });
  return Number(id);
}

/** The side that shows the new version's answer. */
async function sideOfNew(page: Page): Promise<"A" | "B"> {
  const a = (await page.getByRole("region", { name: "Answer A" }).textContent()) ?? "";
  return a.includes("Yes, ") ? "A" : "B";
}

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

test("an answer is tagged by the keyboard, a tag given once is offered again, and going back keeps it", async ({
  page,
}) => {
  const release = await releaseWithDraws("graded/tags", 6, 3);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  await expect(article).toBeVisible();
  const first = (await article.getAttribute("aria-label")) ?? "";
  await page.keyboard.press("1");
  await page.keyboard.press("9");
  await page.keyboard.press("t");
  await expect(page.getByRole("combobox", { name: "Tag on answer B, Useful" })).toBeFocused();
  await page.keyboard.type("omits the fee");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Remove tag omits the fee" })).toBeVisible();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article", { name: first })).toHaveCount(0);
  await expect(page.getByText("stored 1")).toBeVisible();
  await page.keyboard.press("u");
  await expect(page.getByRole("article", { name: first })).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove tag omits the fee" })).toBeVisible();
  await page.keyboard.press("r");
  await expect(page.getByRole("button", { name: "Raw R" })).toHaveAttribute("aria-pressed", "true");
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByRole("button", { name: "Raw R" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("datalist option[value='omits the fee']").first()).toBeAttached();
});

test("who changes their mind from fail to pass keeps the note, and not what was wrong", async ({ page }) => {
  // The judge passes all of these.
  const release = await releaseWithDraws("graded/mind", 3, 2);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  await expect(article).toBeVisible();
  const name = (await article.getAttribute("aria-label")) ?? "";
  const tag = page.getByRole("button", { name: "Remove tag omits the fee" });
  const note = page.getByRole("textbox", { name: "Note on answer B, Useful" });
  await page.keyboard.press("1");
  await page.keyboard.press("9");
  await page.keyboard.press("n");
  await expect(note).toBeFocused();
  await page.keyboard.type("no fee is named");
  await page.keyboard.press("Escape");
  await page.keyboard.press("t");
  await page.keyboard.type("omits the fee");
  await page.keyboard.press("Enter");
  await expect(tag).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  const strip = page.getByRole("region", { name: "What the judge said" });
  await expect(strip.getByRole("button", { name: /Change my mind/ })).toBeVisible();
  await page.keyboard.press("c");
  await expect(page.getByRole("article", { name })).toBeVisible();
  await expect(note).toHaveValue("no fee is named");
  await expect(tag).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(strip).toContainText("counts as a flip");
  await page.keyboard.press("u");
  await expect(page.getByRole("article", { name })).toBeVisible();
  await expect(note).toHaveValue("no fee is named");
  await expect(tag).toHaveCount(0);
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
  await expect(page.getByRole("textbox", { name: "Why (optional)" })).toBeFocused();
  await page.keyboard.type("needs the contract");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article", { name: first })).toHaveCount(0);
  // The log has the digest of what a person wrote, not the words: they may have to be removed.
  const sha256 = createHash("sha256").update("needs the contract").digest("hex");
  await expect.poll(async () => (await auditEvents()).at(-1)?.details?.reason).toEqual({ sha256 });
  for (let number = 0; number < 2; number++) {
    const now = (await article.getAttribute("aria-label")) ?? "";
    await page.keyboard.press("1");
    await page.keyboard.press("8");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("article", { name: now })).toHaveCount(0);
  }
  await expect(page.getByRole("article", { name: first })).toBeVisible();
});

test("a case looked at again is left as it was, and going back goes on to the one before; a click and Enter store", async ({
  page,
}) => {
  const release = await releaseWithDraws("graded/left", 8, 5);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  const names: string[] = [];
  for (let number = 1; number <= 2; number++) {
    await expect(article).toBeVisible();
    const name = (await article.getAttribute("aria-label")) ?? "";
    names.push(name);
    await page.getByRole("button", { name: /pass/ }).first().click();
    await page.getByRole("button", { name: /fail/ }).last().click();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("article", { name })).toHaveCount(0);
    await expect(page.getByText(`you graded ${number} of 5`)).toBeVisible();
    await expect(page.getByText(`stored ${number}`)).toBeVisible();
  }
  await page.keyboard.press("u");
  await expect(page.getByRole("article", { name: names[1] })).toBeVisible();
  await page.keyboard.press("u");
  await expect(page.getByRole("article", { name: names[0] })).toBeVisible();
  await page.keyboard.press("2");
  await page.keyboard.press("Escape");
  await expect(page.getByText("You graded this case before.")).toHaveCount(0);
  await expect(article).toBeVisible();
  // What is told, and what H is about, is the case graded last again.
  const strip = page.getByRole("region", { name: "What the judge said" });
  await expect(strip).toContainText(`${names[1]}:`);
  await page.keyboard.press("h");
  const hunks = page.getByRole("dialog", { name: "Which hunk was the reason?" });
  await expect(hunks).toContainText(names[1]!);
  await page.keyboard.press("Escape");
  await expect(hunks).toHaveCount(0);

  await page.keyboard.press("y");
  const rows = page.getByRole("list", { name: "What you graded" }).getByRole("button", { name: /Look again/ });
  await expect(rows).toHaveCount(2);
  await expect(page.getByRole("dialog").getByText("Useful: A pass, B fail")).toHaveCount(2);
  await page.keyboard.press("Escape");
  // How far it is stays known to a page that is opened again.
  await page.reload();
  await expect(page.getByText("you graded 2 of 5")).toBeVisible();
});

test("which answer is better: graded by A, B and E, once a case; nothing tells before the grade is stored", async ({
  page,
}) => {
  const release = await preferenceRelease("graded/preferences", 10);
  await signIn(page, "reviewer");
  const heard = listen(page);
  for (const tab of ["", "/cases", "/changes", "/judges", "/review", "/history"]) {
    await page.goto(`/releases/${release}${tab}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  const strip = page.getByRole("region", { name: "What the judge said" });
  const graded: string[] = [];
  const sides = new Set<string>();
  for (let count = 1; count <= 10; count++) {
    await expect(article).toBeVisible();
    const name = (await article.getAttribute("aria-label")) ?? "";
    const key = name.replace("Case ", "");
    expect(graded).not.toContain(key);
    const told = new Set((await heard.all()).flatMap(({ body }) => rationales(body)).map((text) => text.split(" ")[2]));
    expect([...told].sort(), "only graded cases are told of").toEqual([...graded].sort());
    if (count === 1) await expectAccessible(page);

    const number = Number(key.slice(-3));
    const side = await sideOfNew(page);
    sides.add(side);
    if (number === 1) await page.keyboard.press("0");
    await page.keyboard.press(number === 1 ? "e" : side.toLowerCase());
    const chosen = number === 1 ? "equal" : `${side} is better`;
    await expect(page.getByRole("button", { name: chosen, pressed: true })).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(strip).toContainText(`Case ${key}:`);
    await expect(strip).toContainText(side === "A" ? "A was new, B was old" : "A was old, B was new");
    const judged = number % 5 === 0 ? "position flip" : number % 4 === 0 ? "tie" : `prefers ${side}`;
    await expect(strip).toContainText(judged);
    // The judge says tie on 4 and 8, and the new one on 1, where this person says tie.
    await expect(strip.getByText("override")).toHaveCount([1, 4, 8].includes(number) ? 1 : 0);
    graded.push(key);
    if (count < 10) await expect(page.getByRole("article", { name })).toHaveCount(0);
  }
  expect([...sides].sort()).toEqual(["A", "B"]);
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();

  const tasks = (await heard.all()).filter(({ url }) => /\/next/.test(url)).map(({ body }) => body);
  expect(tasks.length).toBeGreaterThanOrEqual(10);
  for (const body of tasks.filter(Boolean)) {
    expect(body).not.toMatch(/"(prefer|old|new|baseline|candidate|stratum|probability|swapped)"/);
  }

  // The last one again: what was preferred stands there, and can be corrected.
  await page.keyboard.press("u");
  await expect(page.getByText("You graded this case before.")).toBeVisible();
  await expect(page.getByRole("group", { name: "Better answer" }).getByRole("button", { pressed: true })).toHaveCount(
    1,
  );
  await page.keyboard.press("n");
  await page.keyboard.type("seen twice");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(strip).toContainText("Stored.");

  // Nine of ten prefer the new one, one is a tie, and all are graded: so the delta is exact.
  await page.goto(`/releases/${release}`);
  await expect(page.getByRole("region", { name: "Verdict" })).toContainText("Better: +90.0 pt");
  await expect(page.getByText("+90.00 pt (90.00 to 90.00)").first()).toBeVisible();
  await expect(page.getByText("new passes")).toHaveCount(0);
  const row = (table: string, name: string) => page.getByRole("table", { name: table }).getByRole("row", { name });
  await expect(row("Judges' preferences on Better answer", "pairwise").getByRole("cell")).toHaveText([
    /pairwise/,
    "6",
    "0",
    "2",
    "2",
    "0",
  ]);
  const trust = "Preferences of pairwise against people's";
  await expect(row(trust, "prefers candidate").getByRole("cell")).toHaveText([/prefers/, "5 (5)", "0 (0)", "1 (1)"]);
  await expect(row(trust, "position flip").getByRole("cell")).toHaveText([/flip/, "2 (2)", "0 (0)", "0 (0)"]);
  await expect(row("Strata", "candidate").getByRole("cell")).toHaveText(["candidate", "6", "6"]);
  await expectAccessible(page);

  await page.goto(`/releases/${release}/judges`);
  const overrides = page.getByRole("table", { name: "Overrides" });
  await expect(overrides.getByRole("row")).toHaveCount(1 + 3);
  await expect(overrides.getByRole("row", { name: caseKey(1) })).toContainText(/prefers candidate.*tie/);
  await expectAccessible(page);
  await page.goto(`/releases/${release}/cases`);
  await expect(page.getByRole("row", { name: new RegExp(caseKey(5)) })).toContainText("position flip");
  await expect(page.getByRole("row", { name: new RegExp(caseKey(2)) })).toContainText("prefers candidate");
  await page
    .getByRole("link", { name: caseKey(5) })
    .first()
    .click();
  await expect(page.getByRole("list", { name: "Judges' preferences" }).getByRole("listitem")).toHaveCount(2);
  await expect(page.getByRole("list", { name: "People's preferences" })).toContainText("prefers candidate");
  await expectAccessible(page);
});

test("pass/fail and preference in one release: keys go to the criterion that is active", async ({ page }) => {
  const release = await preferenceRelease("graded/mixed", 3, true);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  await expect(article).toBeVisible();
  const store = page.getByRole("button", { name: /Store and go on/ });
  const pressed = page.getByRole("button", { pressed: true }).filter({ hasNotText: "Differences" });
  await page.keyboard.press("a");
  await expect(pressed).toHaveCount(0);
  await page.keyboard.press("1");
  await page.keyboard.press("9");
  await expect(pressed).toHaveText([/pass/, /fail/]);
  await expect(store).toBeDisabled();

  // The next question is asked by now; a tag and a note are still about the grade just given.
  await page.keyboard.press("t");
  await expect(page.getByRole("combobox", { name: "Tag on answer B, Useful" })).toBeFocused();
  await page.keyboard.type("half a thou");
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  const note = page.getByRole("textbox", { name: "Note on answer B, Useful" });
  await expect(note).toBeFocused();
  await expect(note).toBeInViewport({ ratio: 1 });
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /^Remove tag/ })).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Not stored yet: Better answer is not graded.")).toBeVisible();
  await page.keyboard.press("b");
  await expect(pressed).toHaveText([/pass/, /fail/, /B is better/]);
  await page.keyboard.press("Enter");
  const strip = page.getByRole("region", { name: "What the judge said" });
  await expect(strip.getByRole("list", { name: "Which answer is better" })).toContainText("Better answer: judge");
  await expect(strip.getByRole("list", { name: "Answer A" })).toContainText("Useful: judge");

  // The same over REST, with the fields of the contract.
  const token = await tokenOf("ravi@demo.example");
  type Asked = { task: string; criteria: { key: string; kind: string }[] };
  const task = await rest<Asked>("GET", `/releases/${release}/queue/next`, undefined, token);
  expect(task.criteria).toMatchObject([
    { key: "useful", kind: "pass_fail" },
    { key: "better", kind: "preference" },
  ]);
  const grades = [
    { side: "A", criterion: "useful", verdict: "pass" },
    { side: "B", criterion: "useful", verdict: "pass" },
    { criterion: "better", prefer: "tie" },
  ];
  const body = { task: task.task, grades, clientKey: "mixed-1" };
  await expect(
    rest("POST", `/releases/${release}/reviews`, { ...body, grades: grades.slice(0, 2) }, token),
  ).rejects.toThrow(/not graded on/);
  const { revealed } = await rest<{ revealed: { judges: { criterion: string; prefer?: string }[] } }>(
    "POST",
    `/releases/${release}/reviews`,
    body,
    token,
  );
  expect(revealed.judges.filter(({ prefer }) => prefer)).toHaveLength(1);
});

test("the verdicts of the cases in this test are told apart by their rationale", () => {
  expect(rationales(`x ${rationaleOf(7, "old")} y`)).toEqual([`rationale old ${caseKey(7)} because`]);
  expect(rationales(preferenceRationaleOf(7))).toEqual([`rationale pair ${caseKey(7)} because`]);
});

test("a manager renames a tag, merges two, adds an example and takes it out; others see no such buttons", async ({
  page,
}) => {
  await signIn(page, "release_manager");
  await page.goto("/settings/grading");
  const tags = page.getByRole("table", { name: "Failure tags" });
  for (const name of ["Too long", "wordy"]) {
    await page.getByLabel("New tag").fill(name);
    await page.getByRole("button", { name: "Add tag" }).click();
    await expect(page.getByText(`Added “${name}”.`)).toBeVisible();
    await expect(tags.getByRole("row", { name })).toBeVisible();
  }

  await tags.getByRole("button", { name: "Rename Too long" }).click();
  const dialog = page.getByRole("dialog", { name: "Rename “Too long”" });
  await expect(dialog).toContainText("Grades keep the word they were given with.");
  await dialog.getByLabel("New name").fill("too long");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByText("Renamed “Too long” to “too long”.")).toBeVisible();
  await expect(tags.getByRole("row", { name: /^too long stands for Too long/ })).toBeVisible();

  // A name that is there is not taken without a word.
  await tags.getByRole("button", { name: "Rename wordy" }).click();
  const merge = page.getByRole("dialog", { name: "Rename “wordy”" });
  await merge.getByLabel("New name").fill("too long");
  await merge.getByRole("button", { name: "Rename" }).click();
  await expect(merge.getByRole("status")).toContainText("this would merge the two");
  await expectAccessible(page);
  await merge.getByRole("button", { name: "Merge the two" }).click();
  await expect(page.getByText("Merged “wordy” into “too long”.")).toBeVisible();
  await expect(tags.getByRole("row", { name: /^too long stands for Too long, wordy/ })).toBeVisible();
  await expect(tags.getByRole("button", { name: "Rename wordy" })).toHaveCount(0);

  const criterion = page.getByRole("article", { name: /grounded/ });
  await criterion.getByText("Add an example").click();
  await criterion.getByLabel("It should get").selectOption("fail");
  await criterion.getByLabel(/^Answer/).fill("As Smith (2031) says …");
  await criterion.getByLabel("Why").fill("There is no such source.");
  await criterion.getByRole("button", { name: "Add example" }).click();
  const example = criterion.getByRole("listitem").filter({ hasText: "There is no such source." });
  await expect(example).toContainText("As Smith (2031) says …");
  await expectAccessible(page);

  for (const role of ["viewer", "reviewer"] as const) {
    await signIn(page, role);
    await page.goto("/settings/grading");
    await expect(example).toBeVisible();
    await expect(tags.getByRole("row", { name: /^too long/ })).toBeVisible();
    await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
    await expect(page.getByText("Add an example")).toHaveCount(0);
  }

  await signIn(page, "release_manager");
  await page.goto("/settings/grading");
  await example.getByRole("button", { name: /^Take out/ }).click();
  await expect(page.getByText("Taken out.")).toBeVisible();
  await expect(example).toHaveCount(0);
  expect(await auditActions()).toEqual(
    expect.arrayContaining(["tag.renamed", "tag.merged", "criterion.example_added", "criterion.example_removed"]),
  );
});

test("what waits for one person is given to another: the page says to whom, and calls none of it stuck", async ({
  page,
}) => {
  const release = await releaseWithDraws("graded/given", 6, 3);
  const user = await signIn(page, "release_manager");
  await page.goto(`/releases/${release}/review`);
  await page.getByRole("checkbox", { name: "Ravi Menon" }).check();
  await page.getByRole("button", { name: "Assign" }).click();
  await expect(page.getByText("3 cases for Ravi Menon.")).toBeVisible();
  // In hand as well, so that a claim is taken back.
  const ravi = await tokenOf("ravi@demo.example");
  await rest("GET", `/releases/${release}/queue/next`, undefined, ravi);
  await page.reload();

  const from = page.getByLabel("Take back what waits for");
  await from.selectOption({ label: "Ravi Menon (3)" });
  await page.getByLabel("and give it to").selectOption({ label: user.name });
  await page.getByRole("button", { name: "Reassign" }).click();
  await expect(page.getByText(`Took back 3 cases; they wait for ${user.name} now.`)).toBeVisible();
  await expect(from).toHaveValue("");
  await expect(page.getByRole("heading", { name: "What does not move" })).toHaveCount(0);

  await from.selectOption({ label: `${user.name} (3)` });
  await page.getByRole("button", { name: "Reassign" }).click();
  await expect(page.getByText("Took back 3 cases; they are open to all reviewers now.")).toBeVisible();
  await expect(from).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "What does not move" })).toHaveCount(0);
  await expectAccessible(page);
});

test("a disagreement is settled by somebody who did not grade: as one of them said, otherwise, or sent to one more", async ({
  page,
}) => {
  const policy = await policyLike("two-graders-settled", { reviewersPerCase: 2 });
  const release = await releaseWithDraws("graded/settled", 6, 3, policy);
  const [ravi, rosa, noor] = [
    await tokenOf("ravi@demo.example"),
    await tokenOf("rosa@demo.example"),
    await tokenOf("noor@demo.example"),
  ];
  // They agree on the new answers, and on none of the old ones.
  expect(await gradeAll(release, ravi, () => false)).toBe(3);
  expect(await gradeAll(release, rosa, () => true)).toBe(3);

  await signInAs(page, "ravi@demo.example");
  await page.goto(`/releases/${release}/review`);
  await expect(page.getByText("3 in disagreement")).toBeVisible();
  await expect(page.getByRole("link", { name: /^Settle/ })).toHaveCount(0);
  await page.goto(`/review/${release}/settle`);
  await expect(page.getByRole("heading", { name: "No disagreement waits for you" })).toBeVisible();

  await page.context().clearCookies();
  await signInAs(page, "mila@demo.example");
  await page.goto(`/releases/${release}/review`);
  const heard = listen(page);
  await page.getByRole("link", { name: "Settle 3 disagreements" }).click();
  const article = page.getByRole("article");
  const strip = page.getByRole("region", { name: "What the judge said" });
  const open = async () => {
    await expect(article).toBeVisible();
    const name = (await article.getAttribute("aria-label")) ?? "";
    const isA = ((await page.getByRole("region", { name: "Answer A" }).textContent()) ?? "").includes("It depends");
    return { name, key: name.replace("Case ", ""), isA };
  };

  // The grades without names, and neither verdict nor side.
  const first = await open();
  const given = page.getByRole("list", { name: `Grades of answer ${first.isA ? "A" : "B"}, Useful` });
  await expect(given.getByRole("listitem")).toHaveText([/grader 1.*pass/, /grader 2.*fail/]);
  await expect(page.getByText("The graders agree about this answer.")).toHaveCount(1);
  await expect(strip).toHaveCount(0);
  await expectAccessible(page);
  const asked = (await heard.all()).filter(({ url }) => url.endsWith("/settle/next")).map(({ body }) => body);
  expect(asked).toHaveLength(1);
  expect(asked[0]).not.toMatch(/"(old|new|baseline|candidate|stratum|probability)"|rationale|Ravi|Rosa/);
  await page.keyboard.press(first.isA ? "2" : "9");
  await page.keyboard.press("Enter");
  await expect(strip).toContainText(`Case ${first.key}: A was ${first.isA ? "old, B was new" : "new, B was old"}.`);
  await expect(page.getByRole("article", { name: first.name })).toHaveCount(0);

  const second = await open();
  await page.keyboard.press(second.isA ? "3" : "0");
  await page.keyboard.press("Enter");
  await expect(strip).toContainText(`Case ${second.key}:`);
  await expect(page.getByRole("article", { name: second.name })).toHaveCount(0);

  const third = await open();
  await page.keyboard.press("g");
  await expect(page.getByRole("alert").filter({ hasText: "Say in the note" })).toBeVisible();
  await page.keyboard.type("Who knows the contract?");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await expect(page.getByText(`Case ${third.key} went back: one more person grades it.`)).toBeVisible();
  await expect(page.getByRole("heading", { name: "No disagreement waits for you" })).toBeVisible();
  await expectAccessible(page);

  const outcomes = (await auditEvents())
    .filter(({ action }) => action === "review.adjudicated" || action === "review.returned")
    .map(({ actor, details }) => [actor.email, details?.case, details?.outcome]);
  expect(outcomes).toEqual([
    ["mila@demo.example", first.key, "accepted"],
    ["mila@demo.example", second.key, "fixed"],
    ["mila@demo.example", third.key, "returned"],
  ]);

  // It goes to a third person and to nobody who graded or settled it; then two of three say the same.
  for (const token of [ravi, rosa, await tokenOf("mila@demo.example")])
    expect(await rest("GET", `/releases/${release}/queue/next`, undefined, token)).toBeUndefined();
  expect(await gradeAll(release, noor, () => false)).toBe(1);
  await page.goto(`/releases/${release}/review`);
  await expect(page.getByText("2 adjudicated")).toBeVisible();
  await expect(page.getByText("0 in disagreement")).toBeVisible();
});
