import { readFileSync } from "node:fs";
import { caseKey, gradeAll, importBundle, tokenOf } from "./support/bundle";
import { auditActions, expect, expectAccessible, type Page, rest, signIn, test } from "./support/test";

const prompt = "moves/judged-twice";
const cases = 40;

/** The judge's page of moves, as somebody with this role. The bundles all name their judge `machine`. */
async function openMoves(page: Page, role: Parameters<typeof signIn>[1]): Promise<number> {
  await signIn(page, role);
  await page.goto("/judges");
  await page.getByRole("cell").getByRole("link", { name: "machine", exact: true }).click();
  await page.getByRole("link", { name: /Judge moved or product moved/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Judge moved or product moved?" })).toBeVisible();
  return Number(/judges\/(\d+)\/moves/.exec(page.url())![1]);
}

test.describe.configure({ mode: "serial" });

test("a judge that says something else of the same answers is named on the desk and told from the product", async ({
  page,
}) => {
  await importBundle({ prompt, cases });
  // The same answers again, two weeks later: now every third one fails.
  await importBundle({ prompt, cases, verdict: (number) => (number % 3 === 0 ? "fail" : "pass") });
  expect(await auditActions()).toContain("judge.moved");
  await signIn(page, "viewer");
  const alarm = page.getByRole("status").filter({ hasText: "A judge moved" });
  await expect(alarm).toContainText(/another verdict on \d+ of \d+ answers that it had judged before/);
  await page.goto("/judges");
  await alarm.getByRole("link", { name: /machine/ }).click();
  await expect(page.getByText("Version 1 moved")).toBeVisible();
  // The newest judging and the one before, of the same version: no answer changed.
  await expect(page.getByText(/Of 40 answers that are byte for byte the same, 13 got another verdict/)).toBeVisible();
  await expect(page.getByText("The judge moved.")).toBeVisible();
  await expect(page.getByText("No answer changed: the product did not move.")).toBeVisible();
  await expectAccessible(page);

  // Other versions of the prompt: there the answers changed.
  const before = page.getByLabel("Before");
  const old = await before
    .locator("option", { hasText: `${prompt} old` })
    .last()
    .getAttribute("value");
  await before.selectOption(old);
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByText(/40 answers changed: there the product moved/)).toBeVisible();
  await page.getByRole("link", { name: "changed answers" }).click();
  const changed = page.getByRole("group").filter({ hasText: caseKey(3) });
  await changed.getByText(caseKey(3), { exact: true }).click();
  await expect(changed.getByText("It depends, 3.")).toBeVisible();
  await expect(changed.getByText("Yes, 3.")).toBeVisible();
});

test("a figure explains itself, by keyboard, on a phone too", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openMoves(page, "viewer");
  const button = page.getByRole("button", { name: "What is this: Share of verdicts that changed" }).first();
  await button.focus();
  await page.keyboard.press("Enter");
  const explanation = page.getByRole("dialog", { name: "Share of verdicts that changed" });
  await expect(explanation).toContainText("Wilson");
  await expect(explanation).toContainText("pass → fail");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(explanation).toBeHidden();
  await expect(button).toBeFocused();
});

test("a release manager freezes answers, has them judged again, and sees what the judge says now", async ({ page }) => {
  const judge = await openMoves(page, "release_manager");
  await page.getByLabel("Name of the set").fill("ten of the new ones");
  const run = page.getByLabel("Answers of the run");
  await run.selectOption(
    await run
      .locator("option", { hasText: `${prompt} new` })
      .first()
      .getAttribute("value"),
  );
  await page.getByLabel("How many").fill("10");
  await page.getByLabel("Seed (optional)").fill("a seed");
  await page.getByRole("button", { name: "Freeze the set" }).click();
  await expect(page.getByText("Froze 10 answers as “ten of the new ones”.")).toBeVisible();
  const set = page.getByRole("article", { name: "Anchor set ten of the new ones" });
  await expect(set).toContainText("at random with seed a seed");

  const downloading = page.waitForEvent("download");
  await set.getByRole("link", { name: /Download to judge again/ }).click();
  const lines = readFileSync(await (await downloading).path(), "utf8")
    .trim()
    .split("\n");
  const rows = lines.map((line) => JSON.parse(line) as Record<string, string>);
  expect(rows).toHaveLength(10);
  expect(Object.keys(rows[0]!).sort()).toEqual(["case", "input", "output"]);

  const [anchor] = await rest<{ id: number }[]>("GET", `/judges/${judge}/anchors`);
  const verdicts = rows.map((row) => ({ case: row.case, verdict: "fail" }));
  const deliver = () =>
    rest<{ take: number; unchanged: boolean }>("POST", `/judges/${judge}/anchors/${anchor!.id}/verdicts`, {
      judgedAt: "2026-03-01T09:00:00Z",
      verdicts,
    });
  expect(await deliver()).toMatchObject({ take: 1, unchanged: false });
  expect(await deliver()).toMatchObject({ take: 1, unchanged: true });
  await page.reload();
  await expect(set.getByRole("row", { name: /time 1/ })).toContainText("nobody graded");
  await expectAccessible(page);
  expect(await auditActions()).toEqual(expect.arrayContaining(["anchor.created", "anchor.exported", "anchor.judged"]));
});

test("who may still have to grade a case is told no verdict on it", async ({ page }) => {
  const { id } = await rest<{ id: string }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: 40, seed: "all" });
  const reviewer = await (async () => {
    await openMoves(page, "reviewer");
    return rest<{ email: string; roles: string[] }[]>("GET", "/users");
  })();
  await expect(page.getByText("No such case.")).toBeVisible();
  await expect(page.getByText(/Left out here: 40 cases that wait for your blind grade/).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Freeze the set" })).toHaveCount(0);
  const { email } = reviewer
    .filter(({ roles }) => roles.includes("reviewer"))
    .sort((a, b) => a.roles.length - b.roles.length)[0]!;
  await gradeAll(Number(id), await tokenOf(email), () => false);
  await page.reload();
  await expect(page.getByText(/Left out here/)).toHaveCount(0);
  await expect(page.getByText("No such case.")).toHaveCount(0);
});

test("a release manager acknowledges the alarm: it leaves the desk and stays on the judge's page", async ({ page }) => {
  await signIn(page, "release_manager");
  await page.goto("/judges");
  await page.getByRole("cell").getByRole("link", { name: "machine", exact: true }).click();
  await page.getByLabel("Version 1 moved: what follows from it?").fill("Another model behind the name. We pin it.");
  await page.getByRole("button", { name: "Acknowledge the alarm" }).click();
  await expect(page.getByRole("status").filter({ hasText: "A judge moved" })).toContainText(
    "has seen it, just now: Another model behind the name. We pin it.",
  );
  await expect(page.getByRole("button", { name: "Acknowledge the alarm" })).toBeHidden();
  await expectAccessible(page);
  expect(await auditActions()).toContain("judge.alarm_acknowledged");
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "A judge moved" })).toHaveCount(0);
});
