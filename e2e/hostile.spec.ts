import { readFile } from "node:fs/promises";
import { importFiles, tokenOf } from "./support/bundle";
import { hostileTexts, longLine } from "./support/hostile";
import { expect, isAlive, type Locator, type Page, rest, server, signIn, test } from "./support/test";

const prompt = `hostile <img src=x onerror="globalThis.__ran='prompt'"> \u202etpmorp\u202c`;
const versions = [`v1 <b>\u200b`, `v2 <svg onload="globalThis.__ran='version'">`] as const;
const criterion = `holds-\u202e<i>`;
const judge = `judge-\u2066<script>globalThis.__ran='judge'</script>`;
/** So many texts come in one answer. */
const batch = 12;
const long = "long line";

/** An answer is a list of texts, each laid out as a message of its own; a few stand alone, as what they are. */
const batches = Array.from({ length: Math.ceil(hostileTexts.length / batch) }, (_, at) =>
  hostileTexts.slice(at * batch, (at + 1) * batch),
);
const alone = hostileTexts.filter((_, index) => index % 9 === 0);
const chat = (texts: readonly string[]) => JSON.stringify(texts.map((content) => ({ role: "assistant", content })));

/** `few`: only the long line and so many batches. */
function files(few?: number): Record<string, string> {
  const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const rows = [
    { key: long, text: longLine(5_000_000), says: "long" },
    ...batches.slice(0, few).map((texts, index) => ({
      key: `batch ${index}`,
      text: chat(texts),
      says: texts.join("\n").slice(0, 9000),
    })),
    ...(few ? [] : alone).map((text, index) => ({
      key: `${index} ${text}`.slice(0, 400),
      text,
      says: text.slice(0, 9000),
    })),
  ];
  const each = <T>(row: (one: (typeof rows)[number], version: string, side: number) => T) =>
    rows.flatMap((one) => versions.map((version, side) => row(one, version, side)));
  return {
    "bundle.json": JSON.stringify({
      format: "countersign-bundle/1",
      prompt,
      dataset: `cases <iframe src="https://evil.example/dataset">\u202e`,
      criteria: [{ key: criterion, name: `Holds <b>\u202e`, rubric: hostileTexts.slice(0, 40).join("\n") }],
      judges: [{ key: judge, criterion, model: `model-\u200b<b>`, prompt: hostileTexts.slice(40, 80).join("\n") }],
      versions: versions.map((key, side) => ({
        key,
        author: `A <b>\u202erohtua`,
        message: `<script>globalThis.__ran='message'</script>\u2028${side}`,
        content: {
          messages: [{ role: "system", content: `${side}\n${hostileTexts.slice(80, 120).join("\n")}\n${side}` }],
        },
      })),
    }),
    "cases.jsonl": lines(
      rows.map(({ key, text, says }, index) => ({
        case: key,
        input: index === 0 ? text.slice(0, 100_000) : text,
        reference: says.slice(0, 2000),
        slice: `<b>${index % 3}</b>\u202e`,
        tags: [`<u>${index % 5}</u>\u200b`],
        mustPass: index % 4 === 0,
      })),
    ),
    "outputs.jsonl": lines(
      each(({ key, text }, version, side) => ({ case: key, version, output: side ? text : `${text} ` })),
    ),
    "verdicts.jsonl": lines(
      each(({ key, says }, version, side) => ({
        case: key,
        version,
        judge,
        verdict: side ? "fail" : "pass",
        rationale: says,
      })),
    ),
  };
}

/** Everything that must not happen, in this browser, from now on. */
async function watch(page: Page): Promise<{ happened: () => Promise<string[]> }> {
  const happened: string[] = [];
  page.on("dialog", (dialog) => {
    happened.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(server().url) && !/^(?:blob|data):/.test(url)) happened.push(`a request: ${url}`);
  });
  page.on("popup", (popup) => happened.push(`a window: ${popup.url()}`));
  await page.exposeFunction("__told", (what: string) => happened.push(what));
  await page.addInitScript(() => {
    const told = (globalThis as unknown as { __told: (what: string) => void }).__told;
    let ran: unknown;
    Object.defineProperty(globalThis, "__ran", {
      get: () => ran,
      set: (value) => {
        ran = value;
        told(`ran: ${String(value)}`);
      },
    });
    document.addEventListener("securitypolicyviolation", (event) =>
      told(
        `refused by the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`,
      ),
    );
  });
  return {
    happened: async () => {
      // Events of the page are told through the same pipe: one more round trip brings those under way.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))));
      return happened;
    },
  };
}

/** Characters that can't be seen and stand on the screen without a badge, and elements that a stranger's text became. */
async function expectShown(page: Page, what: string): Promise<void> {
  const found = await page.evaluate(() => {
    const unseen =
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;
    const bad: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement?.closest("script, style, textarea")) continue;
      if (unseen.test(node.textContent ?? ""))
        bad.push(`unseen in ${node.parentElement?.tagName}: ${JSON.stringify((node.textContent ?? "").slice(0, 80))}`);
    }
    for (const element of document.querySelectorAll(
      "iframe, object, embed, base, math, video, audio, marquee, portal, frameset, form[action*='evil'], [src*='evil'], [href*='evil'], [href^='javascript:'], [style*='evil'], main svg script",
    ))
      bad.push(`an element: ${element.outerHTML.slice(0, 120)}`);
    for (const element of document.querySelectorAll("*"))
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on")) bad.push(`a handler: ${element.outerHTML.slice(0, 120)}`);
        // What a screen reader says, and what comes up on hover.
        if (/^(?:aria-label|aria-description|title|alt|placeholder)$/.test(name) && unseen.test(value))
          bad.push(`unseen in ${name} of ${element.tagName}: ${JSON.stringify(value.slice(0, 80))}`);
      }
    if (unseen.test(document.title)) bad.push(`unseen in the title: ${JSON.stringify(document.title)}`);
    return bad.slice(0, 10);
  });
  expect(found, what).toEqual([]);
}

test("hostile text runs nothing, fetches nothing and hides nothing, wherever it is shown", async ({ page }) => {
  test.setTimeout(240_000);
  await importFiles(files());
  const { id } = await rest<{ id: number }>("POST", "/releases", {
    prompt,
    baseline: versions[0],
    candidate: versions[1],
  });
  await rest("POST", `/releases/${id}/draws`, { size: 400, seed: "hostile" });
  // Some are graded, with notes and tags that are no better than the answers.
  const token = await tokenOf("rosa@demo.example");
  type Task = { task: string; criteria: { key: string }[] };
  for (let done = 0; done < 12; done++) {
    const task = await rest<Task>("GET", `/releases/${id}/queue/next`, undefined, token);
    const grades = (["A", "B"] as const).map((side) => ({
      side,
      criterion,
      verdict: side === "A" ? "pass" : "fail",
      note: hostileTexts
        .slice(done * 20, done * 20 + 20)
        .join("\n")
        .slice(0, 10_000),
      tags: [`${hostileTexts[done * 5]}`.slice(0, 100).trim() || "tag"],
    }));
    await rest("POST", `/releases/${id}/reviews`, { task: task.task, grades, clientKey: crypto.randomUUID() }, token);
  }

  await signIn(page, "auditor");
  const { happened } = await watch(page);
  for (const path of [
    `/releases/${id}`,
    `/releases/${id}/changes`,
    `/releases/${id}/cases`,
    `/releases/${id}/judges`,
    `/releases/${id}/review`,
    `/releases/${id}/history`,
    `/prompts/${encodeURIComponent(prompt)}`,
    `/prompts/${encodeURIComponent(prompt)}/compare/${encodeURIComponent(versions[0])}...${encodeURIComponent(versions[1])}`,
    "/",
    "/releases",
    "/prompts",
    "/runs",
    "/judges",
    "/audit",
  ]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expectShown(page, path);
  }
  expect(await happened()).toEqual([]);
});

test("each case of it, beside the table, laid out, raw and compared", async ({ page }) => {
  test.setTimeout(240_000);
  const { happened } = await watch(page);
  await signIn(page, "auditor");
  const release = await releaseId();
  const ids = await caseIds(page, release);
  expect(ids.length).toBeGreaterThan(batches.length);
  for (const [index, id] of ids.slice(1, 1 + batches.length).entries()) {
    await page.goto(`/releases/${release}/cases/${id}`);
    const body = page.getByRole("region", { name: "Input", exact: true });
    // Every text of the batch is there as a message of its own.
    await expect(body.getByRole("list").first().locator(":scope > li")).toHaveCount(batches[index]!.length);
    await expectShown(page, `batch ${index}`);
    if (index % 4 > 0) continue;
    await isAlive(page.getByLabel(/^Raw/));
    await page.getByLabel(/^Raw/).check();
    await page.getByLabel(/^Differences/).check();
    await expectShown(page, `batch ${index}, raw and compared`);
  }
  const whole = page.waitForResponse((response) => response.url().endsWith(`/cases/${ids[0]}`));
  await page.goto(`/releases/${release}/cases/${ids[0]}`);
  expect((await (await whole).body()).length, "a page with two answers of 5 MB").toBeLessThan(500_000);
  await expectInParts(page, page.getByRole("region", { name: /^Candidate/ }));
  await page.goto(`/releases/${release}/changes?case=${ids[0]}&answers=apart`);
  await expectInParts(page, page.getByRole("region", { name: /^Answer of v2/ }));
  await page.goto(`/releases/${release}/cases`);
  await isAlive(page.getByRole("link", { name: "batch 1", exact: true }));
  await page.getByRole("link", { name: "batch 1", exact: true }).click();
  const drawer = page.getByRole("dialog");
  for (let at = 0; at < 8; at++) {
    await expect(drawer.getByRole("region", { name: "Input" })).toBeVisible();
    await expectShown(page, `drawer ${at}`);
    await page.keyboard.press("ArrowRight");
  }
  expect(await happened()).toEqual([]);
});

test("grading it: the same, and a line of 5 MB answers a key within a second", async ({ page }) => {
  test.setTimeout(240_000);
  const name = `${prompt} graded`;
  const { "bundle.json": head, ...others } = files(3);
  await importFiles({ ...others, "bundle.json": head!.replaceAll(JSON.stringify(prompt), JSON.stringify(name)) });
  const asked = { prompt: name, baseline: versions[0], candidate: versions[1] };
  const { id } = await rest<{ id: number }>("POST", "/releases", asked);
  await rest("POST", `/releases/${id}/draws`, { size: 4, seed: "hostile" });
  const { happened } = await watch(page);
  await signIn(page, "reviewer");
  await page.goto(`/review/${id}`);
  const waits: Record<string, number> = {};
  for (let graded = 0; graded < 4; graded++) {
    const article = page.getByRole("article");
    await expect(article).toBeVisible();
    await expectShown(page, `case ${graded}`);
    const label = (await article.getAttribute("aria-label")) ?? "";
    const began = Date.now();
    await page.keyboard.press("1");
    await expect(article.getByRole("button", { name: /pass/ }).first()).toHaveAttribute("aria-pressed", "true");
    waits[label] = Date.now() - began;
    await page.keyboard.press("r");
    await expectShown(page, `case ${graded}, raw`);
    await page.keyboard.press("r");
    if (label.endsWith(long)) await expectInParts(page, article.getByRole("region", { name: "Answer A", exact: true }));
    await page.getByRole("heading", { level: 2 }).first().click();
    await page.keyboard.press("8");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("article", { name: label, exact: true })).toHaveCount(0);
  }
  expect(Object.keys(waits), "the line of 5 MB came up").toContain(`Case ${long}`);
  expect(waits[`Case ${long}`], "a key press beside 5 MB").toBeLessThan(1000);
  expect(await happened()).toEqual([]);
});

/**
 * Shown from the front, step by step: what was not sent with the page is fetched, and all of it comes as a file. Which of the
 * two answers, of which one ends with a blank more, is chance.
 */
async function expectInParts(page: Page, pane: Locator): Promise<void> {
  const more = pane.getByRole("button", { name: /^Show .* more/ });
  await isAlive(more);
  await more.click();
  await expect(pane).toContainText(/20.000 of 5.000.00[01] characters/);
  await more.click();
  await expect(pane).toContainText(/100.000 of 5.000.00[01] characters/);
  const download = page.waitForEvent("download");
  await pane.getByRole("link", { name: /Download all, 5.0 MB/ }).click();
  const file = await readFile(await (await download).path(), "utf8");
  expect(file.trimEnd()).toBe(longLine(5_000_000));
}

async function releaseId(): Promise<number> {
  const releases = await rest<{ releases: { id: number | string; prompt: string }[] }>("GET", "/releases");
  return Number(releases.releases.find((release) => release.prompt === prompt)!.id);
}

async function caseIds(page: Page, release: number): Promise<string[]> {
  const found: string[] = [];
  await page.goto(`/releases/${release}/cases`);
  for (;;) {
    const hrefs = await page
      .locator("a[data-row-link]")
      .evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
    found.push(...hrefs.map((href) => href.split("/").at(-1)!));
    const next = page.getByRole("link", { name: "Next →" });
    if ((await next.count()) === 0) return found;
    await next.click();
    await expect(page.locator(`a[href="${hrefs[0]}"]`)).toHaveCount(0);
  }
}
