import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { caseKey, importBundle, rationaleOf, releaseWithDraws, tokenOf } from "./support/bundle";
import { dataFolder } from "./support/data";
import { sql } from "./support/database";
import {
  auditActions,
  expect,
  expectAccessible,
  isAlive,
  type Page,
  password,
  rest,
  signIn,
  signInAs,
  test,
  watch,
} from "./support/test";

type Task = { task: string; case: string; sides: { side: "A" | "B"; output: unknown }[] };

const note = "Jane Roe of 12 Mill Lane is named";

/** Grades all that waits; the note is on the first case's grades. */
async function gradeWithNote(release: number): Promise<void> {
  const token = await tokenOf("rosa@demo.example");
  for (;;) {
    const task = await rest<Task | undefined>("GET", `/releases/${release}/queue/next`, undefined, token);
    if (!task) return;
    const grades = task.sides.map(({ side }) => ({
      side,
      criterion: "useful",
      verdict: "pass",
      ...(task.case === caseKey(1) && { note }),
    }));
    const body = { task: task.task, grades, clientKey: crypto.randomUUID() };
    await rest("POST", `/releases/${release}/reviews`, body, token);
  }
}

async function caseAddress(page: Page, release: number): Promise<string> {
  await page.goto(`/releases/${release}/cases?q=${caseKey(1)}`);
  const row = page.getByRole("row").filter({ hasText: caseKey(1) });
  const id = await row.first().getAttribute("data-row");
  return `/releases/${release}/cases/${id}`;
}

test("content of a case is removed by two people: gone everywhere, and the record verifies and says so", async ({
  page,
  browser,
}) => {
  test.setTimeout(180_000);
  const release = await releaseWithDraws("privacy/answers", 12, 12);
  await gradeWithNote(release);
  await rest("POST", `/releases/${release}/close`);
  await signIn(page, "release_manager");
  await page.goto(`/releases/${release}/sign-off`);
  await page.getByRole("radio", { name: /^Refuse/ }).check();
  await page.getByLabel("Reason").fill("Not now.");
  await page.getByLabel("Your password").fill(password);
  await page.getByRole("button", { name: "Sign and refuse" }).click();
  await page.getByRole("link", { name: "Decision record" }).click();
  await page.waitForURL(/\/audit\/decisions\/\d+$/);
  const decision = new URL(page.url()).pathname;
  await page.getByText(/grades by 1 person/).click();
  await expect(page.getByText(note).first()).toBeVisible();

  // Ask: what is asked for is shown, and not removed.
  const address = await caseAddress(page, release);
  await page.goto(address);
  await isAlive(page.getByText("Remove content of this case"));
  await page.getByText("Remove content of this case").click();
  await page.getByLabel("Why").fill("A customer asked us to forget them.");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Ask for removal" }).click();
  await expect(page.getByText(/It waits under Settings, Privacy/)).toBeVisible();
  await expect(page.getByText("Yes, 1.").first()).toBeVisible();
  await page.goto("/settings/privacy");
  await expect(page.getByText("You asked for it: somebody else has to approve it.").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove for good" })).toHaveCount(0);

  // A second person approves.
  const context = await browser.newContext();
  const errors: string[] = [];
  watch(context, errors);
  const second = await context.newPage();
  await signInAs(second, "ada@demo.example");
  await second.goto("/settings/privacy");
  await expect(second.getByText(/Would go now: \d+ texts/)).toBeVisible();
  await expectAccessible(second);
  await second.getByRole("button", { name: "Remove for good" }).click();
  await expect(second.getByRole("cell", { name: /removed by Ada Moreau/ })).toBeVisible();
  await expectAccessible(second);

  // Gone: on the case, in the table, in a search, in the record.
  await page.goto(address);
  await expect(page.getByText("All content of this case was removed")).toBeVisible();
  await expect(page.getByText(/Removed on .* by Mila Brandt and Ada Moreau: A customer asked/).first()).toBeVisible();
  for (const gone of ["Yes, 1.", "It depends, 1.", "Question 1?", rationaleOf(1, "new"), note])
    await expect(page.getByText(gone)).toHaveCount(0);
  await expectAccessible(page);
  await page.goto(`/releases/${release}/cases?q=${encodeURIComponent("Question 1?")}`);
  await expect(page.getByText("Question 1?", { exact: true })).toHaveCount(0);
  await page.goto(decision);
  await page.getByText(/grades by 1 person/).click();
  await expect(page.getByText(note)).toHaveCount(0);
  await expect(page.getByText(/Removed on .* by Mila Brandt and Ada Moreau/).first()).toBeVisible();
  await expectAccessible(page);

  // And the record verifies, the exported one too.
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["lib/cli/boot.mjs", "cli", ...args], {
      env: { ...process.env, COUNTERSIGN_DATA: dataFolder() },
      encoding: "utf8",
    });
  const live = run("verify");
  expect(live.stdout + live.stderr).toMatch(
    /removed by two people at .*: \d+ texts: A customer asked us to forget them\./,
  );
  expect(live.status).toBe(0);
  const file = test.info().outputPath("decision.zip");
  expect(run("export", "decision", decision.split("/").at(-1)!, "--out", file).status).toBe(0);
  const offline = run("verify", file);
  expect(offline.stdout).toContain("were removed by two people");
  expect(offline.status).toBe(0);
  expect(await auditActions()).toEqual(expect.arrayContaining(["redaction.requested", "redaction.approved"]));
  expect(errors).toEqual([]);
  await context.close();
});

test("how long answers are kept: tried, asked for by an administrator, approved by somebody else", async ({ page }) => {
  const prompt = "privacy/old";
  await importBundle({ prompt, cases: 9 });
  await sql(
    `UPDATE run SET created_at = now() - interval '40 days' WHERE version_id IN (
       SELECT v.id FROM prompt_version v JOIN prompt p ON p.id = v.prompt_id WHERE p.name = $1)`,
    [prompt],
  );
  await signInAs(page, "ada@demo.example");
  await page.goto("/settings/privacy");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export project" }).click(),
  ]);
  expect(
    readFileSync(await download.path())
      .subarray(0, 2)
      .toString("hex"),
  ).toBe("1f8b");
  await page.getByRole("link", { name: "How long content is kept" }).click();
  await expect(page.getByText("No answers would go.")).toBeVisible();
  const periods = page.getByRole("form", { name: "Try periods" });
  await periods.getByLabel(/^Answers, and what was said of them/).fill("30");
  await periods.getByRole("checkbox", { name: /Remove the input/ }).check();
  await periods.getByRole("button", { name: "Show what would go" }).click();
  await expect(page.getByText("18 answers of 2 runs")).toBeVisible();
  await expect(page.getByText(/With them 9 inputs of cases/)).toBeVisible();
  await expect(
    page.getByRole("table", { name: "Runs whose content would go" }).getByText(prompt, { exact: true }),
  ).toHaveCount(2);
  await page.getByLabel("Reason").fill("The contract says 30 days.");
  await page.getByRole("button", { name: "Ask for these periods" }).click();
  await expect(page.getByText("You asked for it: somebody else has to approve it.")).toBeVisible();
  await expectAccessible(page);

  await page.context().clearCookies();
  await signInAs(page, "mila@demo.example");
  await page.goto("/settings/privacy/retention");
  const waiting = page.getByRole("region", { name: "Waits for approval" });
  await expect(waiting.getByText("removed 30 days after their import")).toBeVisible();
  await waiting.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText(/Asked for by .*, approved by/)).toBeVisible();
  await expect(waiting).toHaveCount(0);
  await expectAccessible(page);
  expect((await auditActions()).filter((action) => action.startsWith("retention."))).toEqual([
    "retention.requested",
    "retention.approved",
  ]);
});
