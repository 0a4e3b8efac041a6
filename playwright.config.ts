import { defineConfig } from "playwright/test";
import { findBrowser } from "./e2e/support/browser";

const { executablePath, args, env } = await findBrowser();

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  globalSetup: "./e2e/support/server.ts",
  // A worker has a server of its own. On it one test comes after the other: what one did is there for the next to see.
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  // A machine that builds and tests beside something else may stop for seconds.
  expect: { timeout: 30_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    headless: true,
    launchOptions: { executablePath, args, env },
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
    screenshot: "only-on-failure",
  },
});
