import { randomBytes } from "node:crypto";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright/test";
import { findBrowser } from "../e2e/support/browser";
import type { Imported } from "./import";
import type { World } from "./world";

type Role = "reviewer" | "release_manager";

/**
 * In each page: tells when something that is waited for stands painted, counted from the last click or key. Text, because a
 * function would come with helpers of the compiler that no page has.
 */
const watchPaint = `
  let since = 0;
  for (const name of ["pointerdown", "keydown", "change"])
    addEventListener(name, (event) => { since = event.timeStamp; }, { capture: true });
  window.painted = (holds) => new Promise((done, failed) => {
    const look = () => {
      if (performance.now() - since > 60_000) return failed(new Error("waited a minute for " + holds));
      if (!holds()) return requestAnimationFrame(look);
      // The frame that this callback belongs to is painted when a message sent from it arrives.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(performance.now() - since);
      port2.postMessage(null);
    };
    requestAnimationFrame(look);
  });`;

/** A browser in which people of the demo project are signed in. */
export class Desk {
  private readonly sessions = new Map<Role, Awaited<ReturnType<BrowserContext["storageState"]>>>();
  private constructor(
    private readonly world: World,
    private readonly browser: Browser,
  ) {}

  static async open(world: World): Promise<Desk> {
    const { executablePath, args, env } = await findBrowser();
    return new Desk(world, await chromium.launch({ executablePath, args, env }));
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** The e-mail of the demo person with this role. */
  async person(role: Role): Promise<string> {
    const users = await this.world.rest<{ email: string; roles: string[] }[]>("GET", "/users");
    const [user] = users.filter(({ roles }) => roles.includes(role)).sort((a, b) => a.roles.length - b.roles.length);
    if (!user) throw new Error(`Nobody in the demo project has the role ${role}.`);
    return user.email;
  }

  /** A fresh window with nothing in its cache. */
  async window(role: Role): Promise<Page> {
    const context = await this.browser.newContext({
      storageState: this.sessions.get(role),
      viewport: { width: 1440, height: 900 },
      reducedMotion: "reduce",
    });
    await context.addInitScript(watchPaint);
    const page = await context.newPage();
    if (!this.sessions.has(role)) {
      await this.signIn(page, role);
      this.sessions.set(role, await context.storageState());
    }
    return page;
  }

  private async signIn(page: Page, role: Role): Promise<void> {
    const { url, rest } = this.world;
    const link = await rest<{ path: string }>(
      "POST",
      `/users/${encodeURIComponent(await this.person(role))}/links`,
      {},
    );
    const { csrfToken } = (await (await page.request.get(`${url}/api/auth/csrf`)).json()) as { csrfToken: string };
    const answer = await page.request.post(`${url}/api/auth/callback/link`, {
      form: {
        secret: link.path.split("/").at(-1) ?? "",
        password: randomBytes(16).toString("hex"),
        csrfToken,
        json: "true",
        callbackUrl: url,
      },
    });
    if (!answer.ok()) throw new Error(`The sign-in answered ${answer.status()}.`);
  }

  /** Milliseconds from the start of a navigation, in a window that knows nothing yet, until `test` holds and is painted. */
  async cold(role: Role, path: string, test: string): Promise<number> {
    const page = await this.window(role);
    try {
      await page.goto(this.world.url + path, { waitUntil: "commit" });
      return await painted(page, test);
    } finally {
      await page.context().close();
    }
  }
}

/** Milliseconds from the last click or key until `test`, an expression in the page, holds and is painted. */
export function painted(page: Page, test: string): Promise<number> {
  return page.evaluate(`window.painted(() => (${test}))`);
}

/** The release over a bundle's two runs. */
export async function releaseOf(world: World, { prompt }: Imported): Promise<number> {
  const made = await world.rest<{ id: number }>("POST", "/releases", { prompt, baseline: "v1", candidate: "v2" });
  return Number(made.id);
}
