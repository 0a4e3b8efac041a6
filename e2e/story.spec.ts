import { spawnSync } from "node:child_process";
import { caseKey, gradeAll, importFiles, tokenOf } from "./support/bundle";
import { dataFolder } from "./support/data";
import { policyLike } from "./support/database";
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
  watch,
} from "./support/test";

const prompt = "story/told";
const content = (way: string) => ({ messages: [{ role: "system", content: `Answer well, the ${way} way.` }] });
const lines = (rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const numbers = Array.from({ length: 24 }, (_, index) => index + 1);

/** Answers of v4, which is in production, and of v5: the new ones always help, every fourth old one does not. */
function results(): Record<string, string> {
  const each = (row: (number: number, version: "v4" | "v5") => object) =>
    numbers.flatMap((number) =>
      (["v4", "v5"] as const).map((version) => ({ case: caseKey(number), version, ...row(number, version) })),
    );
  return {
    "bundle.json": JSON.stringify({
      format: "countersign-bundle/1",
      prompt,
      dataset: `${prompt} cases`,
      criteria: [{ key: "useful", name: "Useful", rubric: "Pass when it helps. Fail when it does not." }],
      judges: [{ key: "machine", criterion: "useful", model: "judge-1", prompt: "Does it help?" }],
      versions: [
        { key: "v4", author: "Noor Haddad", content: content("old"), labels: ["production"] },
        { key: "v5", content: content("new") },
      ],
    }),
    "cases.jsonl": lines(numbers.map((number) => ({ case: caseKey(number), input: `Question ${number}?` }))),
    "outputs.jsonl": lines(
      each((number, version) => ({ output: version === "v4" ? `It depends, ${number}.` : `Yes, ${number}.` })),
    ),
    "verdicts.jsonl": lines(
      each((number, version) => ({
        judge: "machine",
        verdict: version === "v4" && number % 4 === 0 ? "fail" : "pass",
      })),
    ),
  };
}

/** One's own window, at the name that passkeys are bound to. */
async function windowOf(page: Page, email: string): Promise<{ page: Page; close: () => Promise<void> }> {
  const context = await page
    .context()
    .browser()!
    .newContext({ baseURL: server().url, locale: "en-GB", timezoneId: "UTC" });
  const errors: string[] = [];
  watch(context, errors);
  const own = await context.newPage();
  await signInAs(own, email);
  return {
    page: own,
    close: async () => {
      await context.close();
      expect(errors, `console errors of ${email}`).toEqual([]);
    },
  };
}

async function sign(page: Page, reason: string, secret?: string): Promise<void> {
  await page.getByRole("radio", { name: /^Approve/ }).check();
  await page.getByLabel("Reason").fill(reason);
  if (secret) await page.getByLabel("Your password").fill(secret);
  await page.getByRole("button", { name: /^Sign and approve/ }).click();
}

test("a version is pushed, graded, signed, changed under the pen, signed again by two, and found by the auditor", async ({
  page,
}, testInfo) => {
  test.setTimeout(240_000);
  // A second release manager, and the administrator who is the author here.
  const admin = await windowOf(page, "ada@demo.example");
  await admin.page.goto("/settings/members");
  const row = admin.page.getByRole("row", { name: /vera@demo\.example/ });
  await row.getByText("Change Vera Lind").click();
  await row.getByRole("checkbox", { name: /^Release manager/i }).check();
  await row.getByRole("button", { name: "Save roles" }).click();
  await expect(
    row
      .getByRole("cell")
      .nth(1)
      .getByText(/release manager/i),
  ).toHaveCount(1);

  // The author pushes v5; its answers come in.
  const author = await tokenOf("ada@demo.example");
  await rest(
    "POST",
    `/prompts/${encodeURIComponent(prompt)}/versions`,
    { key: "v5", content: content("new"), message: "Shorter" },
    author,
  );
  await importFiles(results());
  const { id } = await rest<{ id: number }>("POST", "/releases", {
    prompt,
    baseline: "v4",
    candidate: "v5",
    policy: await policyLike("story", { signers: 2 }),
  });
  const release = Number(id);
  await rest("POST", `/releases/${release}/draws`, { size: numbers.length - 1, seed: "story" });

  // Reviewers grade all of it, the last case on the desk.
  const failing = (key: string) => Number(key.slice(-3)) % 4 === 0;
  expect(await gradeAll(release, await tokenOf("rosa@demo.example"), failing)).toBe(numbers.length - 1);
  await rest("POST", `/releases/${release}/draws`, { size: 1, seed: "story" });
  const ravi = await windowOf(page, "ravi@demo.example");
  await ravi.page.goto(`/review/${release}`);
  const article = ravi.page.getByRole("article");
  await expect(article).toBeVisible();
  const last = (await article.getAttribute("aria-label")) ?? "";
  await ravi.page.keyboard.press("1");
  await ravi.page.keyboard.press("8");
  await ravi.page.keyboard.press("Enter");
  await expect(ravi.page.getByText("stored 1", { exact: false }).first()).toBeVisible();
  await rest("POST", `/releases/${release}/close`);

  // Mila opens the evidence and signs. The author may not.
  const mila = await windowOf(page, "mila@demo.example");
  await mila.page.goto(`/releases/${release}`);
  await expect(mila.page.getByRole("heading", { name: "Gates" })).toBeVisible();
  await expect
    .poll(async () => (await auditEvents()).filter(({ action }) => action === "evidence.opened").length)
    .toBeGreaterThan(0);
  await mila.page.getByRole("link", { name: "Sign-off", exact: true }).click();
  await expect(mila.page.getByText(/Of this evidence you opened brief/)).toBeVisible();
  const signers = mila.page.getByRole("region", { name: "Who may sign" });
  await expect(signers.getByRole("listitem").filter({ hasText: "Vera Lind" })).toContainText("may sign");
  await expectAccessible(mila.page);
  await sign(mila.page, "Better everywhere.", password);
  await expect(mila.page.getByText(/^You signed this evidence already/)).toBeVisible();
  await expect(mila.page.getByText(/1 approval of 2 needed/)).toBeVisible();

  // A review changes: reopened, corrected by who gave it, closed again.
  await rest("POST", `/releases/${release}/reopen`, { reason: "Ravi misread one." });
  await ravi.page.keyboard.press("u");
  await expect(ravi.page.getByRole("article", { name: last })).toBeVisible();
  await ravi.page.keyboard.press("9");
  await ravi.page.keyboard.press("Enter");
  await expect(ravi.page.getByText("stored 2", { exact: false }).first()).toBeVisible();
  await ravi.close();
  await rest("POST", `/releases/${release}/close`);

  // Mila's signature is stale, and the page names what changed.
  await mila.page.reload();
  const stale = mila.page.getByRole("region", { name: "Stale signatures" });
  await expect(stale.getByText("Better everywhere.")).toBeVisible();
  await expect(stale.getByText(/Ravi Menon corrected the grade of case-\d{3}, v[45], useful/)).toBeVisible();
  await expect(stale.getByRole("listitem").filter({ hasText: "Ravi Menon corrected" })).toContainText(
    /pass.*fail|fail.*pass/,
  );
  await expectAccessible(mila.page);
  await sign(mila.page, "Still better.", password);
  await expect(mila.page.getByText(/^You signed this evidence already/)).toBeVisible();

  // Vera signs with a passkey, at the name it is bound to.
  const named = server().url.replace("127.0.0.1", "localhost");
  const vera = await windowOf(page, "vera@demo.example");
  const cookies = await vera.page.context().cookies();
  await vera.page
    .context()
    .addCookies(cookies.map(({ domain: _, path: __, ...cookie }) => ({ ...cookie, url: named })));
  const cdp = await vera.page.context().newCDPSession(vera.page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await vera.page.goto(`${named}/settings/account`);
  const passkeys = vera.page.getByRole("region", { name: "Passkeys" });
  await passkeys.getByLabel("Name of the new passkey").fill("Laptop");
  await passkeys.getByLabel("Your password", { exact: true }).fill(password);
  await passkeys.getByRole("button", { name: "Add passkey" }).click();
  await expect(passkeys.getByText("The passkey is added")).toBeVisible();
  await expect(passkeys.getByText("Laptop").first()).toBeVisible();
  await expectAccessible(vera.page);
  await vera.page.goto(`${named}/releases/${release}/sign-off`);
  await expectAccessible(vera.page);
  await sign(vera.page, "I see it too.");
  await expect(vera.page.getByRole("link", { name: "Decision record" }).first()).toBeVisible();
  await expect(vera.page.getByText(/signed with a passkey/)).toBeVisible();
  await vera.close();
  await mila.close();

  // The label moved with the decision, and the gate says yes.
  const label = await rest<{ version: string }>("GET", `/prompts/${encodeURIComponent(prompt)}/labels/production`);
  expect(label).toMatchObject({ version: "v5" });
  expect(await rest("GET", `/gate?prompt=${encodeURIComponent(prompt)}&version=v5`)).toMatchObject({
    decision: "approved",
  });
  const { signOffs } = await rest<{ signOffs: { stale: boolean; reauthentication: string; changed?: unknown[] }[] }>(
    "GET",
    `/releases/${release}/sign-offs`,
  );
  expect(signOffs.map(({ stale, reauthentication }) => [stale, reauthentication])).toEqual([
    [true, "password"],
    [false, "password"],
    [false, "passkey"],
  ]);
  expect(signOffs[0]!.changed).not.toEqual([]);

  // The auditor finds it, looks, takes it home and verifies it without the server.
  await signInAs(page, "aki@demo.example");
  await page.goto("/audit/decisions");
  await page
    .getByRole("link", { name: new RegExp(`${prompt} v4 → v5`) })
    .first()
    .click();
  await expect(page.getByText(/^Approved: v5 in place of v4, with 2 signatures/)).toBeVisible();
  await expect(page.getByText("Better everywhere.")).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download decision" }).click(),
  ]);
  const file = testInfo.outputPath("decision.zip");
  await download.saveAs(file);
  const verified = spawnSync(process.execPath, ["lib/cli/boot.mjs", "cli", "verify", file], {
    env: { ...process.env, COUNTERSIGN_DATA: dataFolder() },
    encoding: "utf8",
  });
  expect(verified.stdout + verified.stderr).toContain("passkey's signature is on exactly what is recorded");
  expect(verified.status).toBe(0);

  const row2 = admin.page.getByRole("row", { name: /vera@demo\.example/ });
  await admin.page.reload();
  await row2.getByText("Change Vera Lind").click();
  await row2.getByRole("checkbox", { name: /^Release manager/i }).uncheck();
  await row2.getByRole("button", { name: "Save roles" }).click();
  await expect(
    row2
      .getByRole("cell")
      .nth(1)
      .getByText(/release manager/i),
  ).toHaveCount(0);
  await admin.close();
});
