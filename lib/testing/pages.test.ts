import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Pages that only send on. */
const sendsOn = ["/settings"];

const routes = readdirSync(path.join(root, "app"), { recursive: true, encoding: "utf8" })
  .filter((file) => /(^|\/)page\.tsx$/.test(file))
  .map((file) => `/${file.replace(/\/?page\.tsx$/, "").replace(/\([^)]*\)\/?/g, "")}`.replace(/(.)\/$/, "$1"))
  .filter((route) => !sendsOn.includes(route));

/** Addresses that stand in a file, without what follows a question mark. */
function addresses(file: string): string[] {
  const text = readFileSync(path.join(root, file), "utf8");
  return [...text.matchAll(/["`](\/[^"`\s]*)["`]/g)].map(([, address = ""]) => address.split("?")[0]!);
}

const pattern = (route: string) => new RegExp(`^${route.replace(/\[[^\]]+\]/g, "[^/]+")}$`);

it.each([
  // Pages that need a link, a lost network, a disagreement or a proposal are looked at where those are the subject.
  [
    "e2e/pages.spec.ts",
    (route: string) =>
      !/^\/sign-in|^\/review\/(?:offline|.*settle)$|\/policies\/(?:.*compare|proposals.*)$|\/replay\/\[/.test(route),
  ],
  ["e2e/screens/list.ts", (route: string) => !route.includes("/policies/proposals/")],
])("%s looks at every page there is", (file, wanted) => {
  const known = addresses(file);
  expect(routes.length).toBeGreaterThan(30);
  const missing = routes.filter(wanted).filter((route) => !known.some((address) => pattern(route).test(address)));
  expect(missing).toEqual([]);
});
