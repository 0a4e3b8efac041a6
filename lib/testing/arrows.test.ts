import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

// Which room may import which (docs/architecture.md). A new room needs a line here.
const base = ["db", "auth", "audit", "stats"];
const mayImport: Record<string, string[]> = {
  stats: [],
  db: [],
  auth: ["db", "audit"],
  audit: ["db", "auth"],
  formats: [],
  llm: [],
  prompts: base,
  datasets: [...base, "prompts"],
  runs: [...base, "formats", "prompts", "datasets"],
  judges: [...base, "prompts", "datasets", "runs"],
  review: [...base, "prompts", "datasets", "runs", "judges"],
  calibration: [...base, "prompts", "datasets", "runs", "judges", "review"],
  releases: [...base, "prompts", "datasets", "runs", "judges", "review", "calibration"],
  sentinels: [...base, "prompts", "datasets", "runs", "judges", "review", "calibration", "releases"],
  signals: [...base, "prompts", "datasets", "runs", "judges", "review", "calibration", "releases"],
  privacy: [...base, "runs"],
  testing: ["db", "auth"],
};
/** Doors and what starts things: they may import every room, and no room imports them. */
const doors = ["cli", "mcp", "jobs", "demo"];
/** Files that stand between the rooms, and so import none of them. */
const shared = ["lib/errors", "lib/digest", "lib/csv", "lib/parts", "lib/jobs/wake"];

/** Only here: so that the library can be changed in one place. */
const onlyIn: [library: RegExp, folder: string][] = [
  [/^@tanstack\/react-table$/, "components/table/"],
  [/^recharts$/, "components/charts/"],
  [/^diff$/, "lib/prompts/diff/"],
];

type Import = { from: string; to: string; internal: boolean; typeOnly: boolean };

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = ["app", "components", "lib"].flatMap((folder) => [...walk(folder)]);
const imports = sources.flatMap(importsOf);
const value = imports.filter(({ typeOnly }) => !typeOnly);

function* walk(folder: string): Generator<string> {
  if (!existsSync(path.join(root, folder)) || folder === "lib/db/generated") return;
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const at = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(at);
    else if (/\.tsx?$/.test(at) && !/\.(test|setup|seed)\.tsx?$/.test(at)) yield at;
  }
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const fixed = text.matchAll(/^(?:import|export)\s+(type\s+)?([^;"]*?)\s*(?:from\s+)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g);
  return [
    ...[...fixed].map(([, type, names = "", to = ""]) => {
      const named = /^\{([^}]*)\}$/
        .exec(names.trim())?.[1]
        ?.split(",")
        .filter((name) => name.trim());
      const allTypes = named !== undefined && named.length > 0 && named.every((name) => /^\s*type\s/.test(name));
      return resolve(file, to, Boolean(type) || allTypes);
    }),
    ...[...dynamic].map(([, to = ""]) => resolve(file, to, false)),
  ];
}

function resolve(from: string, to: string, typeOnly: boolean): Import {
  const internal = to.startsWith("@/") || to.startsWith(".");
  if (!internal) return { from, to, internal, typeOnly };
  const bare = to.startsWith("@/") ? to.slice(2) : path.posix.join(path.posix.dirname(from), to);
  const file = [bare, `${bare}.ts`, `${bare}.tsx`, `${bare}/index.ts`].find((name) => sources.includes(name));
  return { from, to: file ?? bare, internal, typeOnly };
}

const room = (file: string) => /^lib\/([^/]+)\//.exec(file)?.[1];
const isShared = (file: string) => shared.includes(file.replace(/\.tsx?$/, ""));
const arrow = ({ from, to }: Import) => `${from} → ${to}`;

describe("imports", () => {
  it("are found at all", () => {
    expect(value.length).toBeGreaterThan(100);
    expect(imports.some(({ from, to }) => from === "lib/db/transaction.ts" && to === "lib/db/client.ts")).toBe(true);
  });

  it("between rooms point one way", () => {
    const wrong = imports.filter(({ from, to, internal }) => {
      const [here, there] = [room(from), room(to)];
      if (!internal || !here || !there || here === there || isShared(to)) return false;
      if (isShared(from)) return true;
      if (doors.includes(here)) return there === "testing";
      return !mayImport[here]?.includes(there);
    });
    expect(wrong.map(arrow)).toEqual([]);
  });

  it("know every room", () => {
    const rooms = [...new Set(sources.map(room).filter((name) => name !== undefined))];
    expect(rooms.filter((name) => !(name in mayImport) && !doors.includes(name))).toEqual([]);
  });

  it("go from app to components and lib, never back", () => {
    const wrong = imports.filter(({ from, to, internal, typeOnly }) => {
      if (!internal) return false;
      if (from.startsWith("lib/")) return to.startsWith("app/") || to.startsWith("components/");
      if (from.startsWith("components/")) return to.startsWith("app/") || (to.startsWith("lib/") && !typeOnly);
      return false;
    });
    expect(wrong.map(arrow)).toEqual([]);
  });

  it("make no circle", () => {
    expect(circle()).toEqual([]);
  });

  it("of statistics, rules and the tree reach no input or output, however far", () => {
    const pure = /^lib\/stats\/|^lib\/audit\/tree\.ts$|\/rules\.tsx?$/;
    const reached = (file: string, seen = new Set<string>()): Import[] => {
      if (seen.has(file)) return [];
      seen.add(file);
      const own = value.filter(({ from }) => from === file);
      return [...own, ...own.flatMap(({ to, internal }) => (internal ? reached(to, seen) : []))];
    };
    const wrong = sources
      .filter((file) => pure.test(file))
      .flatMap((file) => reached(file))
      .filter(({ to, internal }) => !internal && /^(node:(?!crypto$)|pg$|@prisma\/|next|react|pino)/.test(to));
    expect([...new Set(wrong.map(arrow))]).toEqual([]);
  });

  it.each(onlyIn)("of %s stay in %s", (library, folder) => {
    expect(imports.filter(({ from, to }) => library.test(to) && !from.startsWith(folder)).map(arrow)).toEqual([]);
  });
});

/** One circle of value imports, as the files on it; empty when there is none. */
function circle(): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, internal } of value) if (internal) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    trail.push(file);
    for (const to of next.get(file) ?? []) {
      const found = visit(to);
      if (found.length > 0) return found;
    }
    trail.pop();
    done.add(file);
    return [];
  };
  for (const file of next.keys()) {
    const found = visit(file);
    if (found.length > 0) return found;
  }
  return [];
}
