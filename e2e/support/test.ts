import { readFileSync } from "node:fs";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, test as base, expect, type Locator, type Page } from "playwright/test";
import { dataFolder } from "./data";

export type { Locator, Page };
export { expect };

export type Role = "viewer" | "reviewer" | "release_manager" | "auditor" | "administrator";

/** The password that `signIn` gives to a demo person who has none yet: sign-off asks for it again. */
export const password = "only for these tests";

type Server = { url: string; token: string };

/** The server of this worker's tests. */
export function server(): Server {
  return JSON.parse(readFileSync(path.join(dataFolder(), "cli.json"), "utf8")) as Server;
}

/** The REST interface, as the local administrator or with another token. Throws unless the answer is 2xx. */
export async function rest<T>(method: string, at: string, body?: unknown, token = server().token): Promise<T> {
  const response = await fetch(`${server().url}/api/v1${at}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

type Entry = { event: { action: string; actor: { email?: string }; details?: Record<string, unknown> } | null };

/** The events of the audit log, oldest first. */
export async function auditEvents(): Promise<NonNullable<Entry["event"]>[]> {
  const events: Entry[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const page: { entries: Entry[]; next: number | null } = await rest("GET", `/audit/entries?from=${from}`);
    events.push(...page.entries);
    from = page.next;
  }
  return events.flatMap(({ event }) => event ?? []);
}

export async function auditActions(): Promise<string[]> {
  return (await auditEvents()).map(({ action }) => action);
}

type Fixtures = {
  /** Says that a console error matching this is what the test is about. Any other fails it. */
  allowConsoleError: (pattern: RegExp) => void;
  watchConsole: undefined;
};

export const test = base.extend<Fixtures & { allowed: RegExp[] }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from this pattern
  baseURL: async ({}, use) => use(server().url),
  // biome-ignore lint/correctness/noEmptyPattern: as above
  allowed: async ({}, use) => use([]),
  allowConsoleError: async ({ allowed }, use) => use((pattern) => void allowed.push(pattern)),
  watchConsole: [
    async ({ context, allowed }, use) => {
      const errors: string[] = [];
      watch(context, errors);
      await use(undefined);
      expect(
        errors.filter((error) => !allowed.some((pattern) => pattern.test(error))),
        "console errors",
      ).toEqual([]);
    },
    { auto: true },
  ],
});

/** For a context that a test opens itself, a second person's for instance. */
export function watch(context: BrowserContext, errors: string[]): void {
  context.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => errors.push(`${error.error()} (${error.page()?.url()})`));
}

type User = { email: string; name: string; roles: Role[] };

/** Signs the demo person with this role in, through a one-time link, and opens the desk. Returns who it is. */
export async function signIn(page: Page, role: Role): Promise<User> {
  const users = await rest<User[]>("GET", "/users");
  // Where several people have the role, the one whose only role it is.
  const [user] = users.filter(({ roles }) => roles.includes(role)).sort((a, b) => a.roles.length - b.roles.length);
  if (!user) throw new Error(`Nobody in the demo project has the role ${role}.`);
  await signInAs(page, user.email);
  return user;
}

/** Cookies of those who signed in before: a password takes a server its time, as it should. */
const sessions = new Map<string, Awaited<ReturnType<BrowserContext["cookies"]>>>();

/** As `signIn`, by e-mail. The form itself is tested where signing in is the subject; here its request is made at once. */
export async function signInAs(page: Page, email: string): Promise<void> {
  const { url } = server();
  const known = sessions.get(email);
  if (known) {
    await page.context().addCookies(known);
    await page.goto(`${url}/`);
    if (!page.url().includes("/sign-in")) return;
  }
  const link = await rest<{ path: string }>("POST", `/users/${encodeURIComponent(email)}/links`, {});
  const secret = link.path.split("/").at(-1) ?? "";
  const { csrfToken } = (await (await page.request.get(`${url}/api/auth/csrf`)).json()) as { csrfToken: string };
  const form = { secret, password, csrfToken, json: "true", callbackUrl: url };
  const answer = await page.request.post(`${url}/api/auth/callback/link`, { form });
  expect(answer.ok(), `sign-in of ${email}: ${answer.status()}`).toBe(true);
  sessions.set(email, await page.context().cookies());
  await page.goto(`${url}/`);
}

/** Until the page's script has taken over this element: what is opened before may be closed again by it. */
export async function isAlive(locator: Locator): Promise<void> {
  await expect
    .poll(() => locator.evaluate((element) => Object.keys(element).some((key) => key.startsWith("__reactProps"))))
    .toBe(true);
  // It has the element in hand; that it listens is sure once the page has nothing left to do. An idle callback would wait for a
  // frame, of which there may be none.
  await locator.evaluate(() => scheduler.postTask(() => true, { priority: "background" }));
}

const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** No violation that axe can see, in light and in dark. */
export async function expectAccessible(
  page: Page,
  schemes: readonly ("light" | "dark")[] = ["light", "dark"],
  /** Left out where they were looked at before: they take most of the time. */
  leaveOut: string[] = [],
): Promise<void> {
  // After a click the title of the new page comes a moment after its content.
  await expect(page).toHaveTitle(/\S/);
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme });
    // Colours in the middle of a transition are nobody's choice.
    await page.evaluate(() => {
      // One that goes with scrolling ends when somebody scrolls.
      const ending = document
        .getAnimations()
        .filter(
          ({ effect, timeline }) =>
            timeline === document.timeline && effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY,
        );
      return Promise.allSettled(ending.map((animation) => animation.finished));
    });
    // Of what is right nothing is told: on a long table that would take most of the time. No page has frames.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
    // What does not depend on colours was looked at before, in light.
    if (colorScheme === "dark" && schemes.length > 1) axe.withRules(["color-contrast"]);
    else axe.withTags(standards).disableRules(leaveOut);
    const { violations } = await axe.analyze();
    const found = violations.map(({ id, help, nodes }) => ({
      [`${id} (${colorScheme}, ${new URL(page.url()).pathname})`]: help,
      at: nodes.map(
        ({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary?.split("\n")[1]?.trim() ?? ""}`,
      ),
    }));
    expect(found).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}
