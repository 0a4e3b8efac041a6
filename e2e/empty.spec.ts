import { expect, expectAccessible, signIn, test } from "./support/test";

test("a new project is empty, says on every page what to do next, and shows nothing of another", async ({ page }) => {
  await signIn(page, "administrator");
  await page.goto("/settings/projects");
  await page.getByLabel("Key").fill("second");
  await page.getByLabel("Name").fill("A second project");
  await page.getByRole("button", { name: /Create/ }).click();
  const project = page.getByRole("combobox", { name: "Project" });
  await expect(project).toHaveValue("second");

  for (const path of [
    "/",
    "/releases",
    "/releases/new",
    "/prompts",
    "/runs",
    "/judges",
    "/imports",
    "/audit/decisions",
    "/settings/grading",
  ]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await expect(page.getByRole("main")).not.toContainText("support/answers");
    await expectAccessible(page);
  }
  for (const path of [
    "/releases/1",
    "/runs/1",
    "/judges/1",
    "/imports/1",
    "/audit/decisions/1",
    "/prompts/support%2Fanswers",
  ]) {
    expect((await page.request.get(path)).status(), path).toBe(404);
  }

  await page.goto("/releases");
  await project.selectOption("demo");
  await expect(page.getByRole("heading", { name: "Desk" })).toBeVisible();
  await page.goto("/releases/1");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("support/answers");
});
