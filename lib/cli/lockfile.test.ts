import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { root } from "./paths";

type Entry = { optionalDependencies?: Record<string, string> };

/** `npm ci` refuses a lock file that leaves out another platform's package; `npm install` does so when a registry lacks one. */
it("package-lock.json names every optional package of every platform", () => {
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Entry>;
  };
  const { packages } = lock;
  const missing = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !places(at, name).some((place) => place in packages)),
  );
  expect(missing).toEqual([]);
});

/** Where Node would look for `name` from the package at `at`, nearest first. */
function places(at: string, name: string): string[] {
  const outer = at.lastIndexOf("node_modules/");
  const here = `${at}${at && "/"}node_modules/${name}`;
  return outer < 0 ? [here] : [here, ...places(at.slice(0, outer).replace(/\/$/, ""), name)];
}
