import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright/test";
import { findBrowser } from "../support/browser";
import startServer from "../support/server";
import { isAlive, server, signInAs } from "../support/test";
import { contactSheet, type Shot } from "./contact-sheet";
import { hostile, large, second } from "./data";
import { afterwards, empty, full, type Screen } from "./list";

/**
 * `npm run screenshots`: every screen in light and dark, 390 and 1440 px wide, empty, full and with long hostile text,
 * as PNGs in screenshots/ with an index.html to look at them side by side. `--only <pattern>` takes those whose name matches.
 */
export async function screenshots(args: string[]): Promise<number> {
  const at = args.indexOf("--only");
  const only = at < 0 ? null : new RegExp(args[at + 1] ?? "");
  const began = Date.now();
  const stop = await startServer();
  try {
    const { executablePath, args: flags, env } = await findBrowser();
    const browser = await chromium.launch({ executablePath, args: flags, env });
    if (!only) rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const worlds = Array.from({ length: Math.min(2, cpus().length) }, () => new World(browser));
    const wanted = (screens: Screen[]) => screens.filter(({ name }) => only?.test(name) ?? true);
    const shots: Shot[] = [];
    const take = async (screens: Screen[], by = worlds) => {
      const waiting = wanted(screens);
      const one = async (world: World) => {
        for (let screen = waiting.shift(); screen; screen = waiting.shift())
          shots.push(...(await shoot(await world.pageOf(screen.as), screen)));
      };
      await Promise.all(by.map(one));
    };
    // What a later step brings in is not on the screens of the steps before it.
    await take(full);
    if (wanted(empty).length > 0) {
      const [world] = worlds;
      await second(await world!.pageOf("ada@demo.example"));
      await take(empty, [world!]);
    }
    if (wanted(afterwards).length > 0) {
      await Promise.all([large(), hostile()]);
      await take(afterwards);
    }
    await browser.close();
    writeFileSync(path.join(folder, "index.html"), contactSheet(shots));
    const seconds = Math.round((Date.now() - began) / 1000);
    console.log(`${shots.length} pictures in screenshots/, ${seconds} s. Open screenshots/index.html.`);
    const failed = shots.filter(({ problem }) => problem);
    for (const { file, problem } of failed) console.log(`${file}: ${problem}`);
    return failed.length > 0 ? 1 : 0;
  } finally {
    await stop();
  }
}

const folder = path.join(fileURLToPath(new URL("../..", import.meta.url)), "screenshots");
const widths = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
/** A taller page is cut: nobody looks at more than this at a time. */
const tallest = 6000;

/** A page for each person, signed in once; every picture of what they see is taken on it. */
class World {
  readonly #pages = new Map<string, Promise<Page>>();
  constructor(readonly browser: Browser) {}

  pageOf(email: string): Promise<Page> {
    const page = this.#pages.get(email) ?? this.#open(email);
    this.#pages.set(email, page);
    return page;
  }

  async #open(email: string): Promise<Page> {
    const options = { baseURL: server().url, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" as const };
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    if (email !== "") await signInAs(page, email);
    return page;
  }
}

/** The screen is opened once; window and colours change in place. */
async function shoot(page: Page, { name, path: address, act, only, media = "screen" }: Screen): Promise<Shot[]> {
  const shots: Shot[] = [];
  const devices = Object.entries(widths).filter(([device]) => !only || only === device);
  const failed = (device: string, error: unknown) =>
    shots.push({
      ...{ file: `${name}.${device}.light.png`, name, device, scheme: "light" },
      problem: (error as Error).message.split("\n")[0],
    });
  try {
    await page.setViewportSize(devices[0]![1]);
    await page.emulateMedia({ colorScheme: "light", media: "screen" });
    await page.goto(typeof address === "string" ? address : await address());
    await isAlive(page.locator("main").first());
    await act?.(page);
    await page.emulateMedia({ media });
  } catch (error) {
    failed(devices[0]![0], error);
    return shots;
  }
  for (const [device, viewport] of devices) {
    try {
      await page.setViewportSize(viewport);
      for (const scheme of media === "print" ? (["light"] as const) : (["light", "dark"] as const)) {
        await page.emulateMedia({ colorScheme: scheme });
        const height = await settled(page);
        const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        const file = `${name}.${device}.${scheme}.png`;
        const clip = height > tallest ? { x: 0, y: 0, width: viewport.width, height: tallest } : undefined;
        await page.screenshot({ path: path.join(folder, file), fullPage: true, clip, animations: "disabled" });
        shots.push({ file, name, device, scheme, problem: overhang > 0 ? `is ${overhang} px too wide` : undefined });
      }
    } catch (error) {
      failed(device, error);
    }
  }
  return shots;
}

/** Until fonts are there and the page keeps its size from one frame to the next; says how tall it is. */
function settled(page: Page): Promise<number> {
  return page.evaluate(async () => {
    await document.fonts.ready;
    for (let still = 0, before = ""; still < 3; ) {
      await new Promise(requestAnimationFrame);
      const { scrollHeight, scrollWidth } = document.documentElement;
      const now = `${scrollHeight} ${scrollWidth}`;
      still = now === before ? still + 1 : 0;
      before = now;
    }
    return document.documentElement.scrollHeight;
  });
}
