import type { Locator, Page } from "playwright/test";
import { sql } from "../support/database";
import { rest } from "../support/test";
import { hostileName, releases } from "./data";

export type Screen = {
  /** What it is, then in which state. */
  name: string;
  path: string | (() => Promise<string>);
  /** E-mail of who looks; "" is nobody. */
  as: string;
  /** What is done before the picture. */
  act?: (page: Page) => Promise<void>;
  only?: "desktop" | "phone";
  media?: "screen" | "print";
};

const [vera, ravi, mila, aki, ada] = ["vera", "ravi", "mila", "aki", "ada"].map((name) => `${name}@demo.example`) as [
  string,
  string,
  string,
  string,
  string,
];

const press = (key: string) => async (page: Page) => {
  await page.keyboard.press(key);
  await page.getByRole("dialog").waitFor();
};
const click =
  (name: string | RegExp, opens: Locate = (page) => page.getByRole("dialog")) =>
  async (page: Page) => {
    await page.getByRole("button", { name }).first().click();
    await opens(page).first().waitFor();
  };
type Locate = (page: Page) => Locator;
const menu: Locate = (page) => page.getByRole("menu");
const grade = async (page: Page) => {
  await page.getByRole("article").waitFor();
  for (const pass of await page.getByRole("button", { name: /^✓? ?pass/ }).all()) await pass.click();
  await page.getByRole("button", { name: /Store and go on/ }).click();
  await page.getByText(/A was/).first().waitFor();
};

/** The demo project as it comes. */
export const full: Screen[] = [
  { name: "sign-in", path: "/sign-in", as: "" },
  {
    name: "sign-in.wrong",
    path: "/sign-in",
    as: "",
    act: async (page) => {
      await page.getByLabel("E-mail").fill("nobody@example.org");
      await page.getByLabel("Password").fill("not the password");
      await page.getByRole("button", { name: /Sign in/ }).click();
      await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
    },
  },
  { name: "sign-in.link", path: linkOf(vera), as: "" },
  { name: "sign-in.link-used", path: "/sign-in/link/0000000000000000000000000000000000000000000", as: "" },
  { name: "desk.reviewer", path: "/", as: ravi },
  { name: "desk.manager", path: "/", as: mila },
  { name: "desk.viewer", path: "/", as: vera },
  {
    name: "desk.menu",
    path: "/",
    as: mila,
    only: "phone",
    act: click("Menu", (page) => page.getByRole("link", { name: "Audit" })),
  },
  { name: "desk.palette", path: "/", as: mila, act: press("ControlOrMeta+k") },
  {
    name: "desk.palette-typed",
    path: "/",
    as: mila,
    act: async (page) => {
      await press("ControlOrMeta+k")(page);
      const found = page.waitForResponse(/\/palette\?.*refund/);
      await page.keyboard.type("refund");
      await found;
    },
  },
  { name: "desk.keys", path: "/", as: mila, act: press("?") },
  { name: "releases", path: "/releases", as: mila },
  { name: "releases-new", path: "/releases/new?prompt=support%2Fanswers&baseline=v2&candidate=v4", as: mila },
  { name: "brief.approved", path: "/releases/1", as: vera },
  { name: "brief.refused", path: "/releases/2", as: mila },
  { name: "brief.grading", path: "/releases/3", as: mila },
  { name: "brief.print", path: "/releases/2", as: mila, media: "print" },
  { name: "brief.explain", path: "/releases/2", as: mila, act: click(/^What is this/) },
  { name: "changes.refused", path: "/releases/2/changes", as: mila },
  { name: "changes.grading", path: "/releases/3/changes", as: mila },
  { name: "cases.full", path: "/releases/2/cases", as: mila },
  { name: "cases.worse", path: "/releases/2/cases?flip=worse", as: mila },
  { name: "cases.none", path: "/releases/2/cases?q=zebra", as: mila },
  {
    name: "cases.drawer",
    path: "/releases/2/cases?flip=worse",
    as: mila,
    act: async (page) => {
      await page.locator("a[data-row-link]").first().click();
      await page.getByRole("dialog").getByText("Judges").first().waitFor();
    },
  },
  { name: "cases.columns", path: "/releases/2/cases", as: mila, act: click("Columns", menu) },
  { name: "cases.views", path: "/releases/2/cases", as: mila, act: click("Views", menu) },
  {
    name: "cases.selected",
    path: "/releases/3/cases",
    as: mila,
    act: async (page) => {
      for (const at of [1, 2, 3]) await page.getByRole("main").getByRole("checkbox").nth(at).click();
    },
  },
  { name: "case", path: "/releases/2/cases/3", as: mila },
  { name: "review-tab.grading", path: "/releases/3/review", as: mila },
  { name: "review-tab.done", path: "/releases/3/review?state=done", as: mila },
  { name: "review-tab.refused", path: "/releases/2/review", as: mila },
  { name: "review.desk", path: "/review/3", as: ravi, act: (page) => page.getByRole("article").waitFor() },
  { name: "review.keys", path: "/review/3", as: ravi, act: press("?") },
  {
    name: "review.differences",
    path: "/review/3",
    as: ravi,
    act: async (page) => {
      await page.getByRole("article").waitFor();
      await page.keyboard.press("d");
    },
  },
  { name: "review.told", path: "/review/3", as: ravi, act: grade },
  { name: "review.not-grading", path: "/review/2", as: ravi },
  { name: "review.offline", path: "/review/offline", as: ravi },
  { name: "settle.nothing", path: "/review/3/settle", as: mila },
  { name: "release-judges", path: "/releases/2/judges", as: mila },
  { name: "sentinels", path: "/releases/3/sentinels", as: mila },
  { name: "sign-off.refused", path: "/releases/2/sign-off", as: mila },
  { name: "sign-off.grading", path: "/releases/3/sign-off", as: mila },
  { name: "history", path: "/releases/2/history", as: mila },
  { name: "prompts", path: "/prompts", as: mila },
  { name: "prompt", path: "/prompts/support%2Fanswers", as: mila },
  { name: "prompt-new", path: "/prompts/support%2Fanswers/new", as: mila },
  { name: "compare", path: "/prompts/support%2Fanswers/compare/v2...v3", as: mila },
  { name: "compare.unified", path: "/prompts/support%2Fanswers/compare/v1...v4?view=unified", as: mila },
  { name: "runs", path: "/runs", as: mila },
  { name: "run", path: "/runs/1", as: mila },
  { name: "imports", path: "/imports", as: mila },
  { name: "import.done", path: "/imports/1", as: mila },
  { name: "judges", path: "/judges", as: mila },
  { name: "judge", path: "/judges/1", as: mila },
  { name: "judge-moves", path: "/judges/1/moves", as: mila },
  { name: "news", path: "/news", as: vera },
  { name: "audit", path: "/audit", as: aki },
  { name: "audit.filtered", path: "/audit?action=release.refused", as: aki },
  { name: "decisions", path: "/audit/decisions", as: aki },
  { name: "decision", path: "/audit/decisions/1", as: aki },
  { name: "decision-timeline", path: "/audit/decisions/1/timeline", as: aki },
  { name: "decision-replay", path: "/audit/decisions/1/replay", as: aki },
  { name: "decision-replay.reviewer", path: "/audit/decisions/1/replay/2", as: aki },
  { name: "audit-entry", path: "/audit/entries/0", as: aki },
  { name: "prompt-label", path: "/prompts/support%2Fanswers/labels/production", as: mila },
  { name: "prompt-break-glass", path: "/prompts/support%2Fanswers/break-glass", as: mila },
  { name: "policies", path: "/settings/policies", as: mila },
  { name: "policy", path: "/settings/policies/standard", as: mila },
  { name: "policy-compare", path: "/settings/policies/standard/compare?from=1&to=1", as: mila },
  { name: "policy-new", path: "/settings/policies/new?from=standard", as: mila },
  { name: "policy-dry-run", path: "/settings/policies/dry-run?policy=strict&version=1", as: mila },
  { name: "settings-privacy", path: "/settings/privacy", as: ada },
  { name: "settings-retention", path: "/settings/privacy/retention?runsDays=30&inputs=on", as: ada },
  { name: "settings-account", path: "/settings/account", as: ada },
  { name: "settings-members", path: "/settings/members", as: ada },
  { name: "settings-members.viewer", path: "/settings/members", as: vera },
  { name: "settings-grading", path: "/settings/grading", as: mila },
  { name: "settings-grading.viewer", path: "/settings/grading", as: vera },
  { name: "settings-tokens", path: "/settings/tokens", as: ada },
  { name: "settings-projects", path: "/settings/projects", as: ada },
  { name: "not-found", path: "/releases/999999", as: vera },
];

/** A project in which nothing is yet. */
export const empty: Screen[] = [
  ["desk", "/"],
  ["releases", "/releases"],
  ["releases-new", "/releases/new"],
  ["prompts", "/prompts"],
  ["runs", "/runs"],
  ["imports", "/imports"],
  ["judges", "/judges"],
  ["news", "/news"],
  ["audit", "/audit"],
  ["decisions", "/audit/decisions"],
  ["settings-members", "/settings/members"],
  ["settings-grading", "/settings/grading"],
  ["settings-tokens", "/settings/tokens"],
].map(([name, path]) => ({ name: `${name}.empty`, path: path!, as: ada }));

/** Once much and hostile things were imported beside the demo. */
export const afterwards: Screen[] = [
  { name: "cases.5000", path: large("/cases"), as: mila },
  { name: "brief.5000", path: large(), as: mila },
  { name: "desk.long", path: "/", as: ravi },
  { name: "releases.long", path: "/releases", as: mila },
  { name: "prompts.long", path: "/prompts", as: mila },
  { name: "runs.long", path: "/runs", as: mila },
  { name: "judges.long", path: "/judges", as: mila },
  { name: "imports.long", path: "/imports", as: mila },
  { name: "audit.long", path: "/audit", as: aki },
  { name: "brief.long", path: long(), as: mila },
  { name: "changes.long", path: long("/changes"), as: mila },
  { name: "cases.long", path: long("/cases"), as: mila },
  { name: "release-judges.long", path: long("/judges"), as: mila },
  { name: "history.long", path: long("/history"), as: mila },
  {
    name: "review.long",
    path: async () => `/review/${idOf(hostileName)}`,
    as: ravi,
    act: (page) => page.getByRole("article").waitFor(),
  },
  {
    name: "cases.long-drawer",
    path: long("/cases"),
    as: mila,
    act: async (page) => {
      await page.locator("a[data-row-link]").first().click();
      await page.getByRole("dialog").getByText("Input").first().waitFor();
    },
  },
  ...["tools", "chat", "markdown", "json", "invisible", "long-line"].map((kind) => ({
    name: `case.${kind}`,
    path: async () => `/releases/${idOf(hostileName)}/cases/${await caseId(`kind ${kind}`)}`,
    as: mila,
  })),
];

function idOf(prompt: string): number {
  const id = releases.get(prompt);
  if (!id) throw new Error(`No release of ${prompt} was made.`);
  return id;
}

function large(tab = "") {
  return async () => `/releases/${idOf("orders/triage")}${tab}`;
}

function long(tab = "") {
  return async () => `/releases/${idOf(hostileName)}${tab}`;
}

async function caseId(key: string): Promise<number> {
  const [row] = await sql<{ id: number }>("SELECT id FROM test_case WHERE key = $1", [key]);
  return row!.id;
}

function linkOf(email: string): () => Promise<string> {
  return async () => (await rest<{ path: string }>("POST", `/users/${encodeURIComponent(email)}/links`, {})).path;
}
