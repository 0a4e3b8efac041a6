import { auditEvents, expect, expectAccessible, rest, test } from "./support/test";

test("a person is invited, joins by the link, signs in with the password, and is out when removed", async ({
  page,
  browser,
  baseURL,
}) => {
  const link = await rest<{ path: string }>("POST", `/users/${encodeURIComponent("ada@demo.example")}/links`, {});
  await page.goto(link.path);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Desk" })).toBeVisible();
  await page.goto("/settings/members");
  await page.getByLabel("Name", { exact: true }).fill("Nell Ortega");
  await page.getByLabel("E-mail").fill("nell@demo.example");
  await page.getByRole("button", { name: "Create invitation link" }).click();
  const invitation = page.getByText(/\/sign-in\/link\//);
  await expect(invitation).toBeVisible();
  const address = /https?:\S+\/sign-in\/link\/[\w-]+/.exec((await invitation.textContent()) ?? "")?.[0] ?? "";
  await expectAccessible(page);

  const other = await browser.newContext({ baseURL });
  const nell = await other.newPage();
  await nell.goto(address);
  await expectAccessible(nell);
  await nell.getByLabel("Your name, as signatures will show it").fill("Nell Ortega");
  await nell.getByLabel("Choose a password").fill("a password of nell's");
  await nell.getByRole("button", { name: "Join and sign in" }).click();
  await expect(nell.getByRole("heading", { name: "Desk" })).toBeVisible();
  await nell.getByRole("button", { name: "Sign out" }).click();
  await expect(nell).toHaveURL(/\/sign-in/);

  // The link works once.
  await nell.goto(address);
  await expect(nell.getByRole("heading", { name: "This link no longer works" })).toBeVisible();

  await nell.goto("/releases/2?from=mail");
  await expect(nell).toHaveURL(/\/sign-in/);
  await nell.getByLabel("E-mail").fill("nell@demo.example");
  await nell.getByLabel("Password").fill("another password");
  await nell.getByRole("button", { name: "Sign in" }).click();
  await expect(nell.getByText("E-mail and password do not belong together.")).toBeVisible();
  await nell.getByLabel("Password").fill("a password of nell's");
  await nell.getByRole("button", { name: "Sign in" }).click();
  await expect(nell).toHaveURL(/\/releases\/2\?from=mail$/);

  await page.reload();
  const row = page.getByRole("row", { name: /Nell Ortega/ });
  await row.getByText("Change Nell Ortega").click();
  await row.getByRole("checkbox", { name: /^Auditor/i }).check();
  await row.getByRole("button", { name: "Save roles" }).click();
  await expect(row.getByRole("cell").nth(1)).toContainText(/auditor/i);
  await nell.goto("/audit");
  await expect(nell.getByRole("heading", { name: "State of the log" })).toBeVisible();

  await row.getByRole("button", { name: "Remove from project" }).click();
  await expect(page.getByRole("row", { name: /Nell Ortega/ })).toHaveCount(0);
  await nell.goto("/releases");
  await expect(nell).toHaveURL(/\/sign-in/);
  await other.close();

  const actions = (await auditEvents()).map(({ action }) => action);
  for (const action of ["member.invited", "member.joined", "sign_in.failed", "member.role_changed", "member.removed"]) {
    expect(actions).toContain(action);
  }
});
