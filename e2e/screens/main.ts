import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright/test";
import { findBrowser } from "../support/browser";
import startServer from "../support/server";
import { server, signInAs } from "../support/test";
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
    const people = new Map<string, Promise<BrowserContext>>();
    const contextOf = (email: string) => {
      const known = people.get(email) ?? open(email);
      people.set(email, known);
      return known;
    };
    const open = async (email: string) => {
      const { url } = server();
      const options = { baseURL: url, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" as const };
      const context = await browser.newContext(options);
      if (email !== "") await signInAs(await context.newPage(), email);
      return context;
    };
    const wanted = (screens: Screen[]) => screens.filter(({ name }) => only?.test(name) ?? true);
    const shots: Shot[] = [];
    const take = async (screens: Screen[]) => {
      const waiting = wanted(screens);
      const one = async () => {
        for (let screen = waiting.shift(); screen; screen = waiting.shift()) {
          shots.push(...(await shoot(await contextOf(screen.as), screen)));
        }
      };
      await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, one));
    };
    // What a later step brings in is not on the screens of the steps before it.
    await take(full);
    if (wanted(empty).length > 0) {
      await second(await contextOf("ada@demo.example"));
      await take(empty);
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
const widths = { phone: { width: 390, height: 844 }, desktop: { width: 1440, height: 900 } };
/** A taller page is cut: nobody looks at more than this at a time. */
const tallest = 8000;

async function shoot(context: BrowserContext, { name, path: address, act, only }: Screen): Promise<Shot[]> {
  const shots: Shot[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  for (const [device, viewport] of Object.entries(widths)) {
    if (only && only !== device) continue;
    try {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: "light" });
      await page.goto(typeof address === "string" ? address : await address());
      await act?.(page);
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      for (const scheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        await settle(page);
        const file = `${name}.${device}.${scheme}.png`;
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        const clip = height > tallest ? { x: 0, y: 0, width: viewport.width, height: tallest } : undefined;
        await page.screenshot({ path: path.join(folder, file), fullPage: true, clip, animations: "disabled" });
        const problem = overhang > 0 ? `is ${overhang} px wider than its window` : undefined;
        shots.push({ file, name, device, scheme, problem });
      }
    } catch (error) {
      const problem = (error as Error).message.split("\n")[0];
      shots.push({ file: `${name}.${device}.light.png`, name, device, scheme: "light", problem });
    }
  }
  await page.close();
  return shots;
}

/** Fonts are there, times are relative, and what moves has arrived. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 120))));
  });
}
