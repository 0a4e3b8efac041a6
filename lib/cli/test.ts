import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildIfStale, isBuilt } from "./build";
import { root } from "./paths";

type Count = { passed: number; failed: number };
type Step = { name: string; run: (folder: string) => Promise<Count> };

/** `npm run check`: what takes seconds and needs no database. */
export function check(): Promise<number> {
  return runAll([types, lint, vitest("unit")]);
}

/** `npm test`: everything. */
export function test(): Promise<number> {
  return runAll([types, lint, vitest("unit"), vitest("database"), build, browser]);
}

const types: Step = {
  name: "types",
  async run() {
    // Next's own types of the routes; without them the first run on a fresh clone checks less than the second.
    const routes = await command(["node_modules/next/dist/bin/next", "typegen"], { quiet: true });
    if (routes !== 0) return one(false);
    return one((await command([bin("typescript", "tsc"), "--noEmit", "-p", "."])) === 0);
  },
};

const lint: Step = {
  name: "lint and format",
  async run() {
    return one(
      (await command([
        bin("@biomejs/biome", "biome"),
        "ci",
        "--error-on-warnings",
        ...(process.stdout.isTTY ? [] : ["--colors=off"]),
      ])) === 0,
    );
  },
};

function vitest(project: string): Step {
  return {
    name: `${project} tests`,
    async run(folder) {
      const report = path.join(folder, `${project}.json`);
      const args = [
        bin("vitest", "vitest"),
        "run",
        `--project=${project}`,
        "--reporter=dot",
        "--reporter=json",
        `--outputFile.json=${report}`,
      ];
      const code = await command(args);
      return settle(code, readVitest(report));
    },
  };
}

const build: Step = {
  name: "build",
  async run() {
    try {
      await buildIfStale(console.log);
      return one(true);
    } catch (error) {
      console.error((error as Error).message);
      return one(false);
    }
  },
};

const browser: Step = {
  name: "browser tests",
  async run(folder) {
    if (!isBuilt()) {
      console.error("They need the build, which failed.");
      return one(false);
    }
    const report = path.join(folder, "playwright.json");
    const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report };
    const code = await command(["node_modules/playwright/cli.js", "test", "--reporter=list,json"], { env });
    return settle(code, readPlaywright(report));
  },
};

async function runAll(steps: Step[]): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "countersign-report-"));
  const total: Count = { passed: 0, failed: 0 };
  const failedSteps: string[] = [];
  try {
    for (const { name, run } of steps) {
      const began = Date.now();
      console.log(`\n── ${name}`);
      const { passed, failed } = await run(folder);
      console.log(`── ${name}: ${passed} passed, ${failed} failed (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      total.passed += passed;
      total.failed += failed;
      if (failed > 0) failedSteps.push(name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(failedSteps.length > 0 ? `\nFailed: ${failedSteps.join(", ")}` : "");
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

const one = (passed: boolean): Count => ({ passed: passed ? 1 : 0, failed: passed ? 0 : 1 });

/** A runner that failed without naming a test, or ran none, counts as one failure. */
function settle(code: number, { passed, failed }: Count): Count {
  const silent = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: silent ? 1 : failed };
}

type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
};

function readVitest(file: string): Count {
  if (!existsSync(file)) return { passed: 0, failed: 0 };
  const report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  const unread = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + unread.length };
}

function readPlaywright(file: string): Count {
  if (!existsSync(file)) return { passed: 0, failed: 0 };
  const { stats } = JSON.parse(readFileSync(file, "utf8")) as {
    stats: { expected: number; unexpected: number; flaky: number };
  };
  // A test that passes only sometimes does not pass.
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky };
}

function bin(packageName: string, name: string): string {
  const folder = path.join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  return path.join(folder, typeof bin === "string" ? bin : (bin[name] ?? ""));
}

/** Colours are for terminals; a log file is read as text. */
const plainOutput = process.stdout.isTTY ? {} : { NO_COLOR: "1" };

/** Runs a Node program here; its output is ours, or shown only when it fails. Our own settings stay away from it. */
function command(
  args: string[],
  { quiet = false, env = {} }: { quiet?: boolean; env?: Record<string, string> } = {},
): Promise<number> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(DATABASE_URL|NEXTAUTH_|HOST$|PORT$|COUNTERSIGN_(?!SHARED$|BROWSER$))/.test(name),
  );
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...plainOutput, ...(Object.fromEntries(kept) as NodeJS.ProcessEnv), ...env },
    stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
  });
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code) => {
      if (code !== 0 && output) console.error(output.trim());
      resolve(code ?? 1);
    });
  });
}
