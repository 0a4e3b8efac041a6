import { gradeAll, importBundle, tokenOf } from "./support/bundle";
import { expect, expectAccessible, type Page, password, rest, server, signIn, test } from "./support/test";

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
