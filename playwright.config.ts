import { defineConfig } from "playwright/test";
import { findBrowser } from "./e2e/support/browser";

const { executablePath, args, env } = await findBrowser();

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  globalSetup: "./e2e/support/server.ts",
  // One demo project, one after the other: what a test did is there for the next one to see.
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  expect: { timeout: 10_000 },
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
