import type { Page } from "playwright/test";
import { type Desk, painted, releaseOf } from "./browser";
import { rareWord } from "./generate";
import type { Imported } from "./import";
import { byBound, byDifference, byRatio, type Row } from "./report";
import { median, memoryOf, say, type World } from "./world";

const repeats = 9;
export const trivialPath = "/settings/account";
const trivialShown = `location.pathname === "${trivialPath}" && document.querySelector("main h1, h1") !== null`;

/** As many rows as a window shows. */
const visible = 20;
/** Rows of the table stand there, and the address says that they are of this query. */
const rowsOf = (query: string, least = 1) =>
  `location.search.includes("${query}") && document.querySelector("form[aria-busy=true]") === null && document.querySelectorAll("tbody tr").length >= ${least}`;

async function times(run: () => Promise<number>): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < repeats; i++) found.push(await run());
  return median(found);
}

/** Nobody clicks before they have looked: what a page does when it opens is in `cold`, and is over by then. */
async function quiet(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
}

/** A click in the settings that leads to next to nothing: what any click costs here. */
async function trivialClick(page: Page, url: string): Promise<number> {
  return times(async () => {
    await page.goto(`${url}/settings/tokens`);
    await quiet(page);
    await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Account" }).click();
    return painted(page, trivialShown);
  });
}

type Measured = { size: number; cold: number; filter: number; sort: number; search: number };

export async function benchCases(world: World, desk: Desk, imported: readonly Imported[]): Promise<Row[]> {
  const role = "release_manager";
  const rows: Row[] = [];
  const measured: Measured[] = [];
  let click = Number.NaN;
  let cold = Number.NaN;
  for (const one of imported) {
    const release = await releaseOf(world, one);
    const path = `/releases/${release}/cases`;
    say(`Opening Cases of ${one.size / 1000}k × 2 …`);
    // Once before, so that the server has read its own code.
    await desk.cold(role, path, rowsOf("", 50));
    await desk.cold(role, trivialPath, trivialShown);
    cold = await times(() => desk.cold(role, trivialPath, trivialShown));
    const found: Measured = {
      size: one.size,
      cold: await times(() => desk.cold(role, path, rowsOf("", 50))),
      filter: 0,
      sort: 0,
      search: 0,
    };
    const page = await desk.window(role);
    click = await trivialClick(page, world.url);
    const open = async () => {
      await page.goto(world.url + path);
      await page.locator("tbody tr").nth(49).waitFor();
      await quiet(page);
    };
    found.filter = await times(async () => {
      await open();
      await page.getByRole("navigation", { name: "Filter by flip" }).getByRole("link", { name: /worse/ }).click();
      return painted(page, rowsOf("flip=worse", visible));
    });
    found.sort = await times(async () => {
      await open();
      await page.getByRole("columnheader", { name: /^Case/ }).getByRole("link").click();
      return painted(page, rowsOf("sort=", visible));
    });
    found.search = await times(async () => {
      await open();
      await page.getByRole("searchbox", { name: "Text" }).pressSequentially(rareWord);
      return painted(page, rowsOf(`q=${rareWord}`));
    });
    await page.context().close();
    measured.push(found);
  }
  const [least, most] = [measured[0]!, measured.at(-1)!];
  for (const one of measured) {
    const of = `${one.size / 1000}k × 2`;
    rows.push(byDifference(`Cases of ${of}: filter click → painted, ms, of a trivial click`, one.filter, click, 150));
    rows.push(byDifference(`Cases of ${of}: sort click → painted, ms, of a trivial click`, one.sort, click, 150));
    rows.push(byBound(`Cases of ${of}: search, last key → painted, ms`, one.search, 600));
    rows.push(byRatio(`Cases of ${of}: cold, ms, of a trivial page`, one.cold, cold, { atMost: 3 }));
  }
  if (least !== most) {
    const name = `Cases: cold navigation → rows painted, ${most.size / 1000}k over ${least.size / 1000}k, ms`;
    rows.push(byRatio(name, most.cold, least.cold, { atMost: 1.5 }));
  }
  const memory = memoryOf(world.pid);
  if (memory)
    rows.push(byBound(`server memory at ${most.size / 1000}k × 2 with its pages opened, MB`, memory.now, 400));
  return rows;
}
