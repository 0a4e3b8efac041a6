import { gradeAll, importBundle, tokenOf } from "./support/bundle";
import { expect, expectAccessible, isAlive, type Page, password, rest, server, signIn, test } from "./support/test";

/** A release of old → new over a bundle of its own whose old version is in production, graded and approved. */
async function approved(page: Page, prompt: string): Promise<number> {
  await importBundle({ prompt, cases: 44, label: "production" });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: 44, seed: prompt });
  await gradeAll(Number(id), await tokenOf("ravi@demo.example"), (key) => Number(key.slice(-3)) % 4 === 0);
  await rest("POST", `/releases/${id}/close`);
  await signIn(page, "release_manager");
  await page.goto(`/releases/${id}/sign-off`);
  await page.getByRole("radio", { name: /^Approve/ }).check();
  await page.getByLabel("Reason").fill("Better on every slice.");
  await page.getByLabel("Your password").fill(password);
  await page.getByRole("button", { name: "Sign and approve" }).click();
  await expect(page.getByRole("link", { name: "Decision record" })).toBeVisible();
  return Number(id);
}

const get = (at: string, etag?: string) =>
  fetch(`${server().url}/api/v1${at}`, {
    headers: { authorization: `Bearer ${server().token}`, ...(etag && { "if-none-match": etag }) },
  });

test("a release manager rolls production back, and programs get the earlier version", async ({ page }) => {
  const prompt = "audit/roll-back";
  const release = await approved(page, prompt);
  const label = `/prompts/${encodeURIComponent(prompt)}/labels/production`;
  const now = await get(label);
  expect(await now.json()).toMatchObject({
    version: "new",
    standing: "approved",
    release,
    content: { messages: [{}] },
  });
  const etag = now.headers.get("etag") ?? "";
  expect((await get(label, etag)).status).toBe(304);

  await page.goto(`/prompts/${encodeURIComponent(prompt)}`);
  await isAlive(page.getByRole("link", { name: "History of production" }));
  await page.getByRole("link", { name: "History of production" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("new");
  const history = page.getByRole("region", { name: "History" });
  await expect(history.getByRole("listitem")).toHaveCount(2);
  await expect(history).toContainText("Moved by an approved release");
  await expect(history).toContainText("Better on every slice.");
  await expectAccessible(page);

  // What will be served is shown before it is.
  await page.getByRole("link", { name: "Roll back to old" }).click();
  await expect(page.getByText("Programs then get")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("◐ adopted, not approved");
  await expectAccessible(page);
  await page.getByLabel("Reason").fill("Customers complain about the new one.");
  await page.getByRole("button", { name: "Roll production back to old" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("old");
  await expect(history.getByRole("listitem").first()).toContainText("Customers complain about the new one.");
  const then = await get(label, etag);
  expect(then.status).toBe(200);
  expect(await then.json()).toMatchObject({ version: "old", standing: "adopted" });
  await page.setViewportSize({ width: 390, height: 844 });
  await expectAccessible(page, ["light"]);

  // And forward again, to what was approved.
  await page.getByRole("link", { name: "Roll back to new" }).click();
  await page.getByLabel("Reason").fill("It was the network.");
  await page.getByRole("button", { name: "Roll production back to new" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("new");
  expect(await (await get(label)).json()).toMatchObject({ version: "new", standing: "approved" });
});

test("an auditor finds a decision, reads how it came about, replays a reviewer and computes it again", async ({
  page,
}) => {
  const prompt = "audit/found";
  const release = await approved(page, prompt);
  await signIn(page, "auditor");

  // By person and version.
  await page.goto("/audit");
  await page.getByLabel("Who").fill("mila@demo.example");
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByLabel("Version of the prompt").fill("new");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page).toHaveURL(/actor=mila.*version=new/);
  const events = page.getByRole("table", { name: "List of events" });
  await expect(events).toContainText("Release approved");
  await expect(events).toContainText("Label moved");
  await expect(events).not.toContainText("Grade given");
  await expectAccessible(page);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  expect(file.suggestedFilename()).toBe("audit-log.csv");

  // The deciding entry, with what vouches for it.
  await events
    .getByRole("row", { name: /Release approved/ })
    .getByRole("link", { name: /^Entry/ })
    .click();
  await expect(page.getByText("It is in the tree under the signed checkpoint")).toBeVisible();
  await expect(page.getByText(/Held outside the database by/)).toBeVisible();
  await expect(page.getByText('"action":"release.signed_off"')).toBeVisible();
  await expectAccessible(page);

  // The decision and its timeline.
  await page.goto("/audit/decisions");
  await page.getByRole("link", { name: `${prompt} old → new` }).click();
  await page.getByRole("button", { name: "Re-compute and verify" }).click();
  await expect(
    page.getByText(/numbers? computed again from the frozen evidence: all the same, to the last digit/),
  ).toBeVisible();
  await expect(page.getByText("Answers and verdicts are those that were judged").first()).toBeVisible();
  await page.getByText("Each number beside the stored one").click();
  await expect(page.getByRole("table", { name: "Numbers, stored and computed again" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Timeline" }).click();
  const timeline = page.getByRole("main");
  for (const what of [
    "Release created",
    "Sample drawn",
    "44 × Grade given",
    "Grading closed",
    "Release approved",
    "Label moved",
  ])
    await expect(timeline).toContainText(what);
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectAccessible(page, ["light"]);
  await page.setViewportSize({ width: 1280, height: 800 });

  // What Ravi saw.
  await page.getByRole("link", { name: "what 1 reviewer saw" }).click();
  await page.getByRole("link", { name: "Ravi" }).click();
  await expect(page.getByText("1 of 44 in the order of this reviewer")).toBeVisible();
  const first = await page.getByRole("article").getAttribute("aria-label");
  await expect(page.getByText("hidden from the reviewer")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Matches the log" })).toBeVisible();
  await expect(page.getByText("The sides, the grades and what was revealed have the digest in the log.")).toBeVisible();
  await expect(
    page.getByText("The grades, their sides and times are those of the evidence that was signed."),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: "pass", pressed: true })).toHaveCount(0);
  await expectAccessible(page);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("button", { name: "pass", pressed: true }).first()).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText(/Stored\. Case/)).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText("2 of 44 in the order of this reviewer")).toBeVisible();
  expect(await page.getByRole("article").getAttribute("aria-label")).not.toBe(first);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectAccessible(page, ["light"]);

  // By case.
  await page.getByRole("link", { name: "Replay" }).first().click();
  await page.getByRole("searchbox", { name: "Case" }).fill("case-004");
  await page.getByRole("button", { name: "Find" }).click();
  await expect(page.getByText(/graded it/)).toBeVisible();
  await expectAccessible(page);

  // Nobody without the role, and nothing of a release that is open.
  await signIn(page, "viewer");
  for (const at of ["timeline", "replay"]) {
    const { decisions } = await rest<{ decisions: { id: number; releaseId: number }[] }>("GET", "/audit/decisions");
    const { id } = decisions.find((decision) => Number(decision.releaseId) === release)!;
    await page.goto(`/audit/decisions/${id}/${at}`);
    await expect(page.getByText(/for auditors, administrators and release managers/)).toBeVisible();
  }
});
