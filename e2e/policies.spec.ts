import { importBundle, tokenOf } from "./support/bundle";
import {
  auditEvents,
  expect,
  expectAccessible,
  type Page,
  password,
  rest,
  server,
  signInAs,
  test,
} from "./support/test";

async function expectFitsPhone(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  const overhang = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(overhang, { message: `sideways scroll of ${page.url()}` }).toBe(0);
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("a policy is proposed, warned about, tried out, approved by two and used; releases that are there keep theirs", async ({
  page,
  browser,
}) => {
  test.setTimeout(180_000);
  const prompt = "story/policy";
  await importBundle({ prompt, cases: 44 });
  const ask = () =>
    rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new", policy: "strict" });
  const earlier = await ask();

  // Propose a change, in the form.
  await signInAs(page, "mila@demo.example");
  await page.goto("/settings/policies");
  await page.getByRole("link", { name: "strict", exact: true }).click();
  await expect(page.getByText("the candidate may not be worse")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Propose a change" }).click();
  const form = page.getByRole("form", { name: "Policy" });
  await expect(form.getByText("Nothing is different.")).toBeVisible();
  await page.getByLabel("Margin (points)", { exact: true }).first().fill("200");
  await expect(form.getByText("A number from -100 to 100 points.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Propose" })).toBeDisabled();
  await page.getByLabel("Margin (points)", { exact: true }).first().fill("-1");
  await expect(form.getByRole("row", { name: /Margin .*may not be worse.*worse by at most 1 pt/ })).toBeVisible();

  // What nobody could meet is said, and stops nobody.
  await page.getByLabel("People who must approve").fill("5");
  await expect(
    form.getByText(/5 signatures are asked for, and only mila@demo\.example.* noor@demo\.example.*may sign/),
  ).toBeVisible();
  await page.getByLabel("People who must approve").fill("1");
  await expect(form.getByText(/5 signatures are asked for/)).toHaveCount(0);
  await page.getByRole("button", { name: "Add a slice" }).click();
  await page.getByLabel("Slice", { exact: true }).fill("nowhere");
  await expect(form.getByText("No dataset has a slice “nowhere”")).toBeVisible();

  // Against past releases, before anybody else sees it.
  await page.getByRole("button", { name: "Try it against past releases" }).click();
  const table = page.getByRole("table", { name: "Releases under this policy" });
  await expect(table.getByRole("row", { name: new RegExp(`${prompt} old → new`) })).toContainText(
    "draft, under strict 1",
  );
  await table.getByText("Why").first().click();
  await expect(table.getByText("nowhere: no case of this release is in it").first()).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: /^Remove the slice/ }).click();
  await page.getByText("The document as JSON").click();
  await expect(page.getByText('"margin": -0.01')).toBeVisible();
  await expectFitsPhone(page);
  await page.getByLabel("What changes, and why").fill("One point is what our grading can tell.");
  await page.getByRole("button", { name: "Propose" }).click();

  // Proposed: shown, and not usable.
  await page.waitForURL(/\/settings\/policies\/proposals\/\d+$/);
  const proposal = Number(page.url().split("/").at(-1));
  await expect(page.getByText("0 of 2 approvals.")).toBeVisible();
  await expect(page.getByRole("row", { name: /Margin .*may not be worse.*worse by at most 1 pt/ })).toBeVisible();
  await page.getByText("The documents, line by line").click();
  await expectAccessible(page);
  await expectFitsPhone(page);
  const current = async () => {
    const { policies } = await rest<{ policies: { key: string; number: number }[] }>("GET", "/policies");
    return policies.find(({ key }) => key === "strict")?.number;
  };
  expect(await current()).toBe(1);

  // A token can't approve, and the attempt is on record.
  const attempt = await fetch(`${server().url}/api/v1/policies/proposals/${proposal}/approve`, {
    method: "POST",
    headers: { authorization: `Bearer ${await tokenOf("ada@demo.example")}` },
  });
  expect(attempt.status).toBe(403);

  // The demo project has more than two people who may approve, so two others than the proposer do.
  await page.reload();
  await expect(page.getByText("You proposed this, so two others must approve it.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Approve this document" })).toHaveCount(0);
  const windowOf = async (email: string) => {
    const context = await browser.newContext({ baseURL: server().url, reducedMotion: "reduce" });
    const own = await context.newPage();
    await signInAs(own, email);
    await own.goto("/news");
    await own.getByRole("link", { name: "policy strict" }).first().click();
    return own;
  };
  const noor = await windowOf("noor@demo.example");
  await noor.getByLabel("Your password").fill(password);
  await noor.getByRole("button", { name: "Approve this document" }).click();
  await expect(noor.getByText("1 of 2 approvals.")).toBeVisible();
  await expect(noor.getByRole("button", { name: "Approve this document" })).toHaveCount(0);
  expect(await current()).toBe(1);
  await noor.context().close();
  const ada = await windowOf("ada@demo.example");
  await ada.getByLabel("Remark").fill("Agreed in the meeting of Monday.");
  await ada.getByLabel("Your password").fill(password);
  await ada.getByRole("button", { name: "Approve this document" }).click();
  await ada.waitForURL(/\/settings\/policies\/strict$/);
  await expect(ada.getByRole("heading", { name: "strict 2" })).toBeVisible();
  await expect(ada.getByRole("row", { name: /One point is what our grading can tell/ })).toContainText(
    "Noor Haddad, Ada Moreau",
  );
  await expectAccessible(ada);
  await ada.getByRole("link", { name: "What changed since 1" }).click();
  await expect(ada.getByRole("row", { name: /People who must approve .*2 people.*1 person/ })).toBeVisible();
  await ada.context().close();

  // Used by new releases; the one that was there keeps its own.
  expect(await current()).toBe(2);
  const brief = (id: number) => rest<{ policy: { key: string; version: number } }>("GET", `/releases/${id}`);
  expect((await brief(earlier.id)).policy).toEqual({ key: "strict", version: 1 });
  await rest("POST", `/releases/${earlier.id}/withdraw`, { reason: "Asked again under the new version." });
  expect((await brief((await ask()).id)).policy).toEqual({ key: "strict", version: 2 });
  const events = (await auditEvents()).map(({ action }) => action).filter((action) => action.startsWith("policy."));
  expect(events.slice(-4)).toEqual([
    "policy.proposed",
    "policy.approval_refused",
    "policy.approval_given",
    "policy.changed",
  ]);
});

test("a pipeline proposes and withdraws; somebody else rejects, with a reason", async ({ page }) => {
  const schema = await rest<{ properties: Record<string, unknown> }>("GET", "/policies/schema");
  expect(Object.keys(schema.properties)).toContain("slices");
  const { document } = await rest<{ document: object }>("GET", "/policies/standard/versions/1");
  const propose = (signers: number) =>
    rest<{ id: number; warnings: { text: string }[] }>("POST", "/policies", {
      key: "medical",
      base: 0,
      reason: "Doctors look as well.",
      document: { ...document, name: "Medical", signers },
    });
  const first = await propose(4);
  expect(first.warnings[0]?.text).toContain("4 signatures are asked for");
  await rest("POST", `/policies/proposals/${first.id}/withdraw`, { reason: "Too many." });
  const second = await propose(1);
  await signInAs(page, "ada@demo.example");
  await page.goto(`/settings/policies/proposals/${second.id}`);
  await expect(page.getByText("medical, a new policy")).toBeVisible();
  await page.getByLabel("Why it is rejected").fill("Ask the clinic first.");
  await page.getByRole("button", { name: "Reject" }).click();
  await expect(page.getByText(/Ask the clinic first/)).toBeVisible();
  await expectAccessible(page);
  await expectFitsPhone(page);
  await page.goto("/settings/policies");
  await expect(page.getByRole("listitem").filter({ hasText: `medical, proposal ${second.id}` })).toContainText(
    "rejected",
  );

  // Who only grades reads, and proposes nothing.
  await page.context().clearCookies();
  await signInAs(page, "ravi@demo.example");
  await page.goto("/settings/policies/new");
  await expect(page.getByText("You may read policies, not propose them")).toBeVisible();
});
