import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import {
  bundleFiles,
  caseKey,
  gradeAll,
  importBundle,
  importFiles,
  preferenceFiles,
  releaseWithDraws,
  tokenOf,
} from "./support/bundle";
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
  signIn,
  signInAs,
  test,
} from "./support/test";

/** The command line, as somebody on this machine runs it. */
function countersign(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["lib/cli/boot.mjs", "cli", ...args], {
    env: { ...process.env, COUNTERSIGN_DATA: dataFolder() },
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

async function sign(page: Page, decision: "Approve" | "Refuse", reason: string, secret: string): Promise<void> {
  await page.getByRole("radio", { name: new RegExp(`^${decision}`) }).check();
  await page.getByLabel("Reason").fill(reason);
  await page.getByLabel("Your password").fill(secret);
  await page.getByRole("button", { name: `Sign and ${decision.toLowerCase()}` }).click();
}

test("from the question to a decision that anybody can verify", async ({ page }, testInfo) => {
  test.setTimeout(120_000);
  const prompt = "story/approved";
  await importBundle({ prompt, cases: 60 });
  await signIn(page, "release_manager");

  // Ask.
  await page.goto("/releases");
  await page.getByRole("link", { name: "New release" }).click();
  await page.getByLabel("Prompt").selectOption(prompt);
  await page.getByLabel("Baseline").selectOption({ label: "old" });
  await page.getByLabel("Candidate").selectOption({ label: "new" });
  await page.getByRole("button", { name: "Create release" }).click();
  await page.waitForURL(/\/releases\/\d+$/);
  const release = Number(new URL(page.url()).pathname.split("/").at(-1));
  await expect(page.getByText(/The judge alone sees 15 better, 0 worse/)).toBeVisible();

  // Draw.
  await page.getByLabel("Cases to draw").fill("60");
  await page.getByLabel("Seed (optional)").fill("story");
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await expect(page.getByText("60 drawn cases to grade.")).toBeVisible();

  // Grade: people find that every fourth old answer fails, as the judge says, and one more that it misses.
  const reviewer = await tokenOf("ravi@demo.example");
  const failing = (key: string) => Number(key.slice(-3)) % 4 === 0 || key === caseKey(2);
  expect(await gradeAll(release, reviewer, failing)).toBe(60);
  await page.reload();
  await expect(page.getByText(/Better: \+26\.7 pt \(26\.7 to 26\.7\), 60 cases graded/)).toBeVisible();
  await expectAccessible(page);

  // Freeze, then sign; a wrong password signs nothing.
  await page.getByRole("button", { name: "Close grading" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Close grading" }).click();
  await page.getByRole("link", { name: "Sign off" }).click();
  await expect(page.getByText(/^[0-9a-f]{64}$/)).toBeVisible();
  await expectAccessible(page);
  await sign(page, "Approve", "Better on every slice.", "not my password");
  await expect(page.getByText("That is not your password. Nothing was signed.")).toBeVisible();
  expect(await rest("GET", `/gate?prompt=${encodeURIComponent(prompt)}&version=new`)).toMatchObject({
    decision: "pending",
  });
  await sign(page, "Approve", "Better on every slice.", password);

  // Decided: the page, the label, the gate, the record.
  await page.getByRole("link", { name: "Decision record" }).click();
  await expect(page.getByText(/^Approved: new in place of old, with 1 signature/)).toBeVisible();
  await expect(page.getByText("Better on every slice.")).toBeVisible();
  await expectAccessible(page);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download decision" }).click(),
  ]);
  const file = testInfo.outputPath("decision.zip");
  await download.saveAs(file);
  expect(countersign("verify", file)).toMatchObject({ status: 0 });
  // Latin 1 keeps every byte.
  const text = readFileSync(file, "latin1");
  expect(text).toContain("Better on every slice.");
  const bent = testInfo.outputPath("bent.zip");
  writeFileSync(bent, text.replace("Better on every slice.", "Better on every alice."), "latin1");
  expect(countersign("verify", bent)).toMatchObject({ status: 1 });

  expect(countersign("gate", "--prompt", prompt, "--version", "new")).toMatchObject({ status: 0 });
  expect(countersign("gate", "--prompt", prompt, "--version", "old")).toMatchObject({ status: 1 });
  const live = countersign("verify");
  expect(live.output).toContain("Verified");
  expect(live.status).toBe(0);
  await page.goto("/audit");
  await page.getByRole("button", { name: "Verify now" }).click();
  await expect(page.getByText("The log verifies")).toBeVisible();

  const events = (await auditEvents()).map(({ action }) => action);
  expect(events).toContain("release.sign_off_refused");
  expect(events).toContain("release.signed_off");
});

test("a failing must-pass case leaves only a refusal to sign", async ({ page }) => {
  const prompt = "story/refused";
  await importBundle({ prompt, cases: 44 });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "new", candidate: "old" });
  await rest("POST", `/releases/${id}/draws`, { size: 44 });
  await gradeAll(Number(id), await tokenOf("rosa@demo.example"), (key) => key === caseKey(1));
  await rest("POST", `/releases/${id}/close`);
  await signIn(page, "release_manager");
  await page.goto(`/releases/${id}/sign-off`);
  await expect(page.getByText("Only a refusal or an abstention can be signed")).toBeVisible();
  await expect(page.getByRole("radio", { name: /^Approve/ })).toHaveCount(0);
  await expectAccessible(page);
  await sign(page, "Refuse", "Case 1 must pass.", password);
  await page.getByRole("link", { name: "Decision record" }).click();
  await expect(page.getByText(/^Refused: old in place of new/)).toBeVisible();
  expect(await rest("GET", `/gate?prompt=${encodeURIComponent(prompt)}&version=old`)).toMatchObject({
    decision: "refused",
  });
});

test("what was chosen stays chosen after a refusal, and is what the signature says", async ({ page }) => {
  const secret = page.getByLabel("Your password");
  const notSigned = page.getByText("That is not your password. Nothing was signed.");
  const reviewer = await tokenOf("ravi@demo.example");
  const ready = async (prompt: string) => {
    const id = await releaseWithDraws(prompt, 44, 44);
    await gradeAll(id, reviewer, () => false);
    await rest("POST", `/releases/${id}/close`);
    return id;
  };
  const stored = async (id: number) => (await rest<{ signOffs: object[] }>("GET", `/releases/${id}`)).signOffs;
  const [refused, abstained] = [await ready("story/second-meaning"), await ready("story/abstains")];
  await signIn(page, "release_manager");

  await page.goto(`/releases/${refused}/sign-off`);
  const meaning = "The evidence does not answer the question; I refuse this candidate.";
  await page.getByRole("radio", { name: /^Refuse/ }).check();
  await page.getByRole("radio", { name: meaning }).check();
  await page.getByLabel("Reason").fill("Asked too little.");
  await secret.fill("not my password");
  await page.getByRole("button", { name: "Sign and refuse" }).click();
  await expect(notSigned).toBeVisible();
  await expect(page.getByRole("radio", { name: /^Refuse/ })).toBeChecked();
  await expect(page.getByRole("radio", { name: meaning })).toBeChecked();
  await secret.fill(password);
  await page.getByRole("button", { name: "Sign and refuse" }).click();
  await expect(page.getByRole("link", { name: "Decision record" })).toBeVisible();
  expect(await stored(refused)).toMatchObject([{ decision: "refuse", meaning, reason: "Asked too little." }]);

  await page.goto(`/releases/${abstained}/sign-off`);
  await page.getByRole("radio", { name: /^Abstain/ }).check();
  await page.getByLabel("Reason").fill("I know the author.");
  await secret.fill("not my password");
  await page.getByRole("button", { name: "Sign and abstain" }).click();
  await expect(notSigned).toBeVisible();
  await expect(page.getByRole("radio", { name: /^Abstain/ })).toBeChecked();
  await secret.fill(password);
  await page.getByRole("button", { name: "Sign and abstain" }).click();
  await expect(page.getByRole("button", { name: "Sign and abstain" })).toHaveCount(0);
  expect(await stored(abstained)).toMatchObject([{ decision: "abstain", reason: "I know the author." }]);
});

test("overrides of each criterion lead to their own list", async ({ page }) => {
  const prompt = "story/overrides";
  await importFiles(preferenceFiles({ prompt, cases: 4, mixed: true }));
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: 4 });
  const token = await tokenOf("ravi@demo.example");
  // The judge fails the old answer of case 4, and says tie there alone.
  for (let number = 1; number <= 4; number++) {
    const { task } = await rest<{ task: string }>("GET", `/releases/${id}/queue/next`, undefined, token);
    const grades = [
      { side: "A", criterion: "useful", verdict: "pass" },
      { side: "B", criterion: "useful", verdict: "pass" },
      { criterion: "better", prefer: "tie" },
    ];
    await rest("POST", `/releases/${id}/reviews`, { task, grades, clientKey: crypto.randomUUID() }, token);
  }
  await signIn(page, "release_manager");
  const list = page.getByRole("table", { name: "Overrides" }).getByRole("row");
  for (const [criterion, link, rows] of [
    ["Useful", "1 override", 1],
    ["Better answer", "3 overrides", 3],
  ] as const) {
    await page.goto(`/releases/${id}`);
    await page.getByRole("region", { name: criterion, exact: true }).getByRole("link", { name: link }).click();
    await expect(list).toHaveCount(1 + rows);
  }
});

test("grading is offered to whoever a case can go to, and to nobody else", async ({ page }) => {
  const policy = await policyLike("two-graders-next", { reviewersPerCase: 2 });
  const id = await releaseWithDraws("story/whose-turn", 4, 4, policy);
  await gradeAll(id, await tokenOf("ravi@demo.example"), () => false);
  const next = page.getByRole("region", { name: "What is next" });
  const grade = next.getByRole("link", { name: "Grade", exact: true });

  await signInAs(page, "ravi@demo.example");
  await page.goto(`/releases/${id}`);
  await expect(next).toContainText("4 drawn cases to grade. None can be yours: you graded them");
  await expect(grade).toHaveCount(0);
  await expectAccessible(page);

  await page.context().clearCookies();
  await signInAs(page, "rosa@demo.example");
  await page.goto(`/releases/${id}`);
  await expect(next).not.toContainText("None can be yours");
  await grade.click();
  await expect(page.getByRole("article")).toBeVisible();
});

test("a waiver names the case that it lets pass, for a time, and nothing else", async ({ page }) => {
  const prompt = "story/waived";
  await importBundle({ prompt, cases: 44 });
  const policy = await policyLike("waives", { margin: -0.1, waivers: { gates: ["must_pass"], maxDays: 30 } });
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "new", candidate: "old", policy });
  await rest("POST", `/releases/${id}/draws`, { size: 44 });
  await gradeAll(id, await tokenOf("rosa@demo.example"), (key) => key === caseKey(1));
  await rest("POST", `/releases/${id}/close`);
  await signIn(page, "release_manager");
  await page.goto(`/releases/${id}/sign-off`);
  const approve = page.getByRole("button", { name: "Sign and approve" });
  await expect(approve).toBeDisabled();
  await page.getByRole("checkbox", { name: `Only case ${caseKey(1)}` }).check();
  await page.getByLabel(`Why Must-pass cases, case ${caseKey(1)} is waived`).fill("The customer left.");
  await page.getByLabel("Until the end of").fill(new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10));
  await expectAccessible(page);
  await sign(page, "Approve", "All but a case that nobody needs.", password);
  await page.getByRole("link", { name: "Decision record" }).click();
  await expect(page.getByText(`Waives must pass: case ${caseKey(1)}`)).toBeVisible();
  await expect(page.getByText("The customer left.").first()).toBeVisible();
  const gate = await rest("GET", `/gate?prompt=${encodeURIComponent(prompt)}&version=old`);
  expect(gate).toMatchObject({ decision: "approved", waivers: [{ gate: "must_pass", scope: { case: caseKey(1) } }] });
});

test("who contributed, who only reviews and who only administers can't sign; each attempt is in the log", async ({
  page,
}) => {
  const prompt = "story/nobody-signs";
  // Mila is release manager, and here she brings the candidate herself; somebody from outside wrote it, so Noor may sign.
  const { "bundle.json": head, ...rows } = bundleFiles({ prompt, cases: 44 });
  const files = { ...rows, "bundle.json": head!.replaceAll("Noor Haddad", "Somebody Outside") };
  await importFiles(files, await tokenOf("mila@demo.example"));
  const { id } = await rest<{ id: number }>("POST", "/releases", { prompt, baseline: "old", candidate: "new" });
  await rest("POST", `/releases/${id}/draws`, { size: 44 });
  await gradeAll(Number(id), await tokenOf("ravi@demo.example"), () => false);
  await rest("POST", `/releases/${id}/close`);
  const refused = async () =>
    (await auditEvents()).filter(({ action }) => action === "release.sign_off_refused").map(({ actor }) => actor.email);
  const before = (await refused()).length;

  const needsRole = "signing needs the role release manager in this project";
  for (const [email, why] of [
    ["mila@demo.example", "you brought new in; you brought in the answers of new"],
    ["ravi@demo.example", needsRole],
    ["ada@demo.example", needsRole],
  ] as const) {
    await page.context().clearCookies();
    await signInAs(page, email);
    // The brief and the tab say why, and who may; neither offers what would be refused.
    await page.goto(`/releases/${id}`);
    const next = page.getByRole("region", { name: "What is next" });
    await expect(next).toContainText(`You may not sign: ${why}.`);
    await expect(next).toContainText(/Noor Haddad.* may sign\./);
    await expect(page.getByRole("link", { name: "Sign off", exact: true })).toHaveCount(0);
    await expectAccessible(page);
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("combobox", { name: "Go to" }).fill(prompt);
    await expect(page.getByRole("option", { name: `${prompt} old → new` })).toBeVisible();
    await expect(page.getByRole("option", { name: /Read and sign/ })).toHaveCount(0);
    await page.goto(`/releases/${id}/sign-off`);
    const sign = page.getByRole("region", { name: "Sign", exact: true });
    await expect(sign).toContainText(`You may not sign: ${why}.`);
    await expect(sign).toContainText(/Noor Haddad.* may sign\./);
    await expect(page.getByRole("button", { name: /Sign and/ })).toHaveCount(0);
    // Whoever asks without the form is refused too, in words and on record.
    const token = await tokenOf(email);
    const answer = await fetch(`${server().url}/api/v1/releases/${id}/sign-offs`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ decision: "approve", reason: "Because." }),
    });
    expect(answer.status, email).toBe(403);
  }
  expect((await refused()).length).toBe(before + 3);
  expect(await rest("GET", `/gate?prompt=${encodeURIComponent(prompt)}&version=new`)).toMatchObject({
    decision: "pending",
  });
});

test("a role taken away between opening the page and signing holds at once", async ({ page }) => {
  const id = await releaseWithDraws("story/demoted", 44, 44);
  await gradeAll(id, await tokenOf("ravi@demo.example"), () => false);
  await rest("POST", `/releases/${id}/close`);
  const user = await signIn(page, "release_manager");
  await page.goto(`/releases/${id}/sign-off`);
  await expect(page.getByRole("button", { name: /Sign and/ })).toBeVisible();

  const admin = await page.context().browser()!.newContext({ baseURL: server().url });
  const desk = await admin.newPage();
  await signInAs(desk, "ada@demo.example");
  const setRole = async (holds: boolean) => {
    await desk.goto("/settings/members");
    const row = desk.getByRole("row", { name: new RegExp(user.email) });
    await row.getByText(`Change ${user.name}`).click();
    await row.getByRole("checkbox", { name: /^Viewer/i }).setChecked(true);
    await row.getByRole("checkbox", { name: /^Release manager/i }).setChecked(holds);
    await row.getByRole("button", { name: "Save roles" }).click();
    await expect(
      row
        .getByRole("cell")
        .nth(1)
        .getByText(/release manager/i),
    ).toHaveCount(holds ? 1 : 0);
  };
  try {
    await setRole(false);
    await page.getByLabel("Reason").fill("I still hold the pen.");
    await page.getByLabel("Your password").fill(password);
    await page.getByRole("button", { name: /Sign and/ }).click();
    await expect(page.getByText(/signing needs the role release manager/)).toBeVisible();
    expect(await rest("GET", `/releases/${id}`)).toMatchObject({ state: "ready", signOffs: [] });
    expect((await auditEvents()).at(-1)?.action).toBe("release.sign_off_refused");
  } finally {
    await setRole(true);
    await admin.close();
  }
});
