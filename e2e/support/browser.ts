import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright/test";

type Browser = { executablePath: string; args: string[]; env: Record<string, string> };

const root = fileURLToPath(new URL("../..", import.meta.url));
// Tests look at one address; everything a browser does on its own account stays out of the way.
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--no-pings",
];

/**
 * The Chromium to test with: `COUNTERSIGN_BROWSER`, an installed one, Playwright's own if somebody downloaded it, else
 * the one that npm brought.
 */
export async function findBrowser(): Promise<Browser> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const installed = process.env.COUNTERSIGN_BROWSER ?? onThisMachine();
  if (installed) return { executablePath: installed, args: quiet, env: environment };
  const { executablePath, env } = unpack();
  return { executablePath, args: [...quiet, "--headless=shell"], env: { ...environment, ...env } };
}

function onThisMachine(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/bin"].filter(Boolean);
  const places = [
    ...names.flatMap((name) => folders.map((folder) => path.join(folder, name))),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    chromium.executablePath(),
  ];
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Unpacks `@sparticuz/chromium` with its libraries and fonts, once per version. */
function unpack(): { executablePath: string; env: Record<string, string> } {
  const require = createRequire(import.meta.url);
  const entry = require.resolve("@sparticuz/chromium");
  const { version } = JSON.parse(readFileSync(path.join(entry, "../../../package.json"), "utf8")) as {
    version: string;
  };
  const folder = path.join(root, "node_modules/.cache", `countersign-chromium-${version}`);
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`;
    mkdirSync(fresh, { recursive: true });
    // It unpacks into the temporary folder, and its libraries only where it believes to be in a Lambda.
    const result = spawnSync(
      process.execPath,
      ["-e", `import("@sparticuz/chromium").then((m) => m.default.executablePath())`],
      {
        cwd: root,
        env: { ...process.env, TMPDIR: fresh, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
        encoding: "utf8",
      },
    );
    if (result.status !== 0) {
      rmSync(fresh, { recursive: true, force: true });
      throw new Error(`No browser: install Chromium or Chrome, or set COUNTERSIGN_BROWSER.\n${result.stderr}`);
    }
    try {
      renameSync(fresh, folder);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
  }
  const fontsFile = path.join(folder, "fonts.conf");
  const fonts = ["fonts/fonts", "/usr/share/fonts"].map((place) => `<dir>${path.resolve(folder, place)}</dir>`);
  writeFileSync(
    fontsFile,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${fonts.join("")}<cachedir>${folder}/fonts-cache</cachedir></fontconfig>\n`,
  );
  return {
    executablePath: path.join(folder, "chromium"),
    env: { LD_LIBRARY_PATH: path.join(folder, "al2023/lib"), FONTCONFIG_FILE: fontsFile },
  };
}
