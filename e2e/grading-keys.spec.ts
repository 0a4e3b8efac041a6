import { bundleFiles, caseKey, importFiles, rationaleOf, releaseWithDraws, tokenOf } from "./support/bundle";
import { policyLike, sql } from "./support/database";
import { expect, expectAccessible, type Page, rest, server, signIn, test } from "./support/test";

const strip = (page: Page) => page.getByRole("region", { name: "What the judge said" });

async function fits(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
}

test("20 cases with notes, tags, comments on words, later, undo, a changed mind and a hunk, by the keyboard and the screen reader's tree alone", async ({
  page,
}) => {
  const release = await releaseWithDraws("graded/everything", 24, 20);
  await signIn(page, "reviewer");
  await page.goto(`/review/${release}`);
  const article = page.getByRole("article");
  const graded = new Set<string>();
  let commented = "";
  for (let number = 1; graded.size < 20; number++) {
    await expect(article).toBeVisible();
    const name = (await article.getAttribute("aria-label")) ?? "";
    const key = name.replace("Case ", "");
    // Said to who does not see it.
    await expect(page.locator("[aria-live=polite]", { hasText: name })).toHaveCount(1);
    if (number === 1) {
      await expect(article).toMatchAriaSnapshot(`
        - article:
          - region /Input/:
            - heading /Input/ [level=2]
          - region "What is asked":
            - heading "What is asked" [level=2]
          - region "Answer A":
            - heading "Answer A" [level=2]
            - group /Answer A.*Useful/:
              - button /pass/
              - button /fail/
              - button /unsure/
              - textbox "Note on answer A, Useful"
              - combobox "Tag on answer A, Useful"
          - region "Answer B":
            - heading "Answer B" [level=2]
          - button /Store and go on/ [disabled]
          - button /Later/
          - button /Mark words/
      `);
    }
    if (number === 2) {
      await page.keyboard.press("Shift+S");
      await expect(page.getByRole("article", { name, exact: true })).toHaveCount(0);
      continue;
    }
    await page.keyboard.press("1");
    await page.keyboard.press(number === 9 || number === 11 ? "9" : "8");
    if (number % 5 === 0) {
      await page.keyboard.press("n");
      await expect(page.getByRole("textbox", { name: "Note on answer B, Useful" })).toBeFocused();
      await page.keyboard.type(`note of ${key}, 1 and 9 are no keys here`);
      await page.keyboard.press("Escape");
    }
    if (number === 3) {
      await page.keyboard.press("t");
      await page.keyboard.type("too short");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
    }
    if (number === 4) {
      commented = key;
      await page.keyboard.press("m");
      const marked = page.getByRole("status").filter({ hasText: "Answer B, word" });
      await expect(page.getByRole("application", { name: "Words of answer B" })).toBeFocused();
      await expect(marked).toContainText("Answer B, word 1 of");
      await page.keyboard.press("a");
      await expect(page.getByRole("application", { name: "Words of answer A" })).toBeFocused();
      await page.keyboard.press("b");
      await page.keyboard.press("ArrowRight");
      await expect(marked).toContainText("word 2 of");
      await page.keyboard.press("Home");
      await page.keyboard.press("Shift+ArrowRight");
      const quote = (await marked.textContent())?.match(/“(.*)”/)?.[1] ?? "";
      expect(quote).toMatch(/^(It depends|Yes, \d+)$/);
      await page.keyboard.press("Enter");
      await expect(page.getByRole("textbox", { name: `Comment on “${quote}”` })).toBeFocused();
      await page.keyboard.type("says nothing");
      await page.keyboard.press("Enter");
      const comments = page.getByRole("list", { name: "Comments on answer B" }).getByRole("listitem");
      await expect(comments).toContainText(`${quote} says nothing`);
      expect(await page.evaluate(() => CSS.highlights.get("countersign-comment")?.size)).toBe(1);
      await expectAccessible(page);
    }
    await page.keyboard.press("Enter");
    await expect(strip(page)).toContainText(`Case ${key}:`);
    graded.add(key);
    await expect(page.getByRole("status").filter({ hasText: number === 1 ? /^stored 1/ : /^stored \d/ })).toBeVisible();
    if (graded.size < 20) await expect(page.getByRole("article", { name, exact: true })).toHaveCount(0);
    if (number === 6) {
      await page.keyboard.press("u");
      await expect(page.getByText("You graded this case before.")).toBeVisible();
      await page.keyboard.press("n");
      await page.keyboard.type("seen again");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Enter");
      await expect(strip(page)).toContainText("Stored.");
    }
    if (number === 9) {
      // The judge passes every new answer: this person failed B, which was the new one or a bad old one.
      const differs = strip(page).getByRole("button", { name: /Change my mind/ });
      if (await differs.isVisible()) {
        await page.keyboard.press("c");
        await expect(page.getByText("You graded this case before.")).toBeVisible();
        await page.keyboard.press("Enter");
        await expect(strip(page)).toContainText("counts as a flip after the reveal");
      }
    }
    if (number === 11) {
      await page.keyboard.press("h");
      const dialog = page.getByRole("dialog", { name: "Which hunk was the reason?" });
      await expect(dialog.getByRole("checkbox").first()).toBeFocused();
      await page.keyboard.press("1");
      await page.keyboard.press("Enter");
      await expect(dialog).toHaveCount(0);
      await expect(page.getByRole("status").filter({ hasText: "Stored. Hunk 1" })).toContainText(key);
    }
    if (number === 7) {
      for (const viewport of [
        { width: 640, height: 400 },
        { width: 390, height: 844 },
        { width: 1280, height: 800 },
      ]) {
        await page.setViewportSize(viewport);
        expect(await fits(page), `${viewport.width} px wide`).toBe(true);
        if (viewport.width < 1280) await expectAccessible(page);
      }
    }
  }
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();
  // How sure the release is by now, in either direction: asked for while one grades, and never which way it goes.
  const interval = await page.getByText(/^interval ±/).textContent();
  const [begun, now] = interval!
    .match(/^interval ±([\d.]+) → ±([\d.]+) pt$/)!
    .slice(1)
    .map(Number);
  expect(now).toBeLessThan(begun!);

  await page.keyboard.press("y");
  const list = page.getByRole("list", { name: "What you graded" });
  await expect(list.getByRole("button", { name: /Look again/ })).toHaveCount(20);
  await expectAccessible(page);
  await page.keyboard.press("Escape");

  const [row] = await sql<Record<string, number>>(
    `SELECT count(DISTINCT case_id)::int AS cases, count(*) FILTER (WHERE note LIKE 'note of %')::int AS notes,
            count(*) FILTER (WHERE 'too short' = ANY (tags))::int AS tagged, count(*) FILTER (WHERE note = 'seen again')::int AS again,
            (SELECT count(*)::int FROM answer_comment WHERE release_id = $1) AS comments,
            (SELECT count(*)::int FROM review_task WHERE release_id = $1 AND completed_at IS NOT NULL) AS done
       FROM review WHERE release_id = $1`,
    [release],
  );
  expect(row).toEqual({ cases: 20, notes: 4, tagged: 1, again: 1, comments: 1, done: 20 });

  // The queue's states lead to their cases, and changed minds are counted.
  await page.goto(`/releases/${release}/review`);
  await page.getByRole("link", { name: "20 done" }).click();
  await expect(page.getByRole("table", { name: "Cases that are done" }).getByRole("row")).toHaveCount(21);
  await expect(page.getByRole("table", { name: "Minds changed after the reveal" })).toBeVisible();
  await expectAccessible(page);

  // What was said of words is there for whoever decides.
  await page.goto(`/releases/${release}/cases?q=${encodeURIComponent(commented)}`);
  await page.getByRole("table", { name: "Cases" }).getByRole("link", { name: commented }).click();
  const said = page.getByRole("dialog").getByRole("list", { name: /^Comments on words of/ });
  await expect(said).toContainText("says nothing");
  await expectAccessible(page);
});

const base = "version-marker-base";
const candidate = "version-marker-candidate";
const othersNote = "marker-of-another-reviewer";

test("nothing of the grading flow, nor what the browser keeps, tells before the grade is stored", async ({ page }) => {
  const prompt = "graded/sealed";
  const drawn = 8;
  const files = Object.entries(bundleFiles({ prompt, cases: drawn })).map(([name, text]) => [
    name,
    text.replaceAll('"old"', `"${base}"`).replaceAll('"new"', `"${candidate}"`),
  ]);
  await importFiles(Object.fromEntries(files));
  const policy = await policyLike("two-graders", { reviewersPerCase: 2 });
  const body = { prompt, baseline: base, candidate, policy };
  const { id: release } = await rest<{ id: number }>("POST", "/releases", body);
  await rest("POST", `/releases/${release}/draws`, { size: drawn, seed: prompt });
  const rosa = await tokenOf("rosa@demo.example");
  for (let number = 0; number < drawn; number++) {
    const task = await rest<{ task: string }>("GET", `/releases/${release}/queue/next`, undefined, rosa);
    const grades = ["A", "B"].map((side) => ({ side, criterion: "useful", verdict: "fail", note: othersNote }));
    await rest("POST", `/releases/${release}/reviews`, { task: task.task, grades, clientKey: `rosa-${number}` }, rosa);
  }

  await signIn(page, "reviewer");
  const answers: Promise<{ path: string; body: string }>[] = [];
  page.context().on("response", (response) => {
    const { pathname, origin } = new URL(response.url());
    if (origin !== server().url || pathname.startsWith("/_next/static/")) return;
    answers.push(
      response.text().then(
        (text) => ({ path: pathname, body: text }),
        () => ({ path: pathname, body: "" }),
      ),
    );
  });
  const rationales = Array.from({ length: drawn }, (_, index) => index + 1).flatMap((number) =>
    (["old", "new"] as const).map((version) => ({ key: caseKey(number), text: rationaleOf(number, version) })),
  );
  await page.goto(`/review/${release}`);
  const graded: string[] = [];
  const article = page.getByRole("article");
  for (let number = 1; number <= drawn; number++) {
    await expect(article).toBeVisible();
    const name = (await article.getAttribute("aria-label")) ?? "";
    if (number === 1) await expect.poll(() => page.evaluate(() => caches.has("countersign-review"))).toBe(true);
    const kept = await page.evaluate(async () => {
      const texts = Object.entries(localStorage).map((entry) => entry.join(" "));
      for (const cacheName of await caches.keys())
        for (const request of await (await caches.open(cacheName)).keys()) {
          const answer = await (await caches.open(cacheName)).match(request);
          texts.push(`${request.url} ${(await answer?.text()) ?? ""}`);
        }
      const db = await new Promise<IDBDatabase>((done, fail) => {
        const asked = indexedDB.open("countersign-review");
        asked.onsuccess = () => done(asked.result);
        asked.onerror = () => fail(asked.error);
      });
      const all = await new Promise<unknown[]>((done) => {
        const asked = db.transaction("held").objectStore("held").getAll();
        asked.onsuccess = () => done(asked.result);
      });
      db.close();
      return [...texts, JSON.stringify(all)];
    });
    const heard = await Promise.all(answers);
    const reveals = ({ path }: { path: string }) => /\/api\/(grades|graded)/.test(path);
    const sealed = [...heard.filter((answer) => !reveals(answer)).map(({ body: text }) => text), ...kept];
    for (const marker of [base, candidate, othersNote, ...rationales.map(({ text }) => text)])
      expect(sealed.filter((text) => text.includes(marker)).length, `${marker} before grade ${number}`).toBe(0);
    for (const text of heard.filter(({ path }) => path.endsWith("/api/next")).map((answer) => answer.body))
      expect(text).not.toMatch(/"(verdict|overridden|rationale|swapped|stratum|probability|baseline|candidate)"/);
    for (const { body: text } of heard.filter(reveals)) {
      expect(text).not.toContain(othersNote);
      for (const { key } of rationales.filter(({ text: said }) => text.includes(said))) expect(graded).toContain(key);
    }
    expect(heard.filter(reveals)).toHaveLength(graded.length);
    await page.keyboard.press("1");
    await page.keyboard.press("8");
    await page.keyboard.press("Enter");
    graded.push(name.replace("Case ", ""));
    await expect(strip(page)).toContainText(/A was version-marker-(base|candidate)/);
    await expect(strip(page)).toContainText(`Case ${graded.at(-1)}:`);
  }
  await expect(page.getByRole("heading", { name: "Nothing more waits for you" })).toBeVisible();
});
