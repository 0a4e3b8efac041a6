import type { PaletteEntry } from "@/components/shell/palette";
import type { Actor } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import { db } from "@/lib/db/client";

/** Where the command palette can go: pages, prompts, the latest releases. */
export async function paletteEntries(actor: Actor): Promise<PaletteEntry[]> {
  const [prompts, releases] = await Promise.all([
    db.prompt.findMany({ where: { projectId: actor.projectId }, orderBy: { name: "asc" }, take: 100 }),
    db.release.findMany({
      where: { projectId: actor.projectId },
      include: { prompt: true, baseline: true, candidate: true },
      orderBy: { id: "desc" },
      take: 50,
    }),
  ]);
  const pages = [
    ["Desk", "/"],
    ["Releases", "/releases"],
    ["Prompts", "/prompts"],
    ["Runs", "/runs"],
    ["Imports", "/imports"],
    ["Judges", "/judges"],
    ["News", "/news"],
    ...(may(actor, "audit.read") ? [["Audit", "/audit"]] : []),
    ["Members", "/settings/members"],
    ["Account", "/settings/account"],
  ];
  return [
    ...pages.map(([label = "", href = ""]) => ({ group: "Pages", label, href })),
    ...releases.map((release) => ({
      group: "Releases",
      label: `${release.prompt.name} ${release.baseline.key} → ${release.candidate.key} (${release.state})`,
      href: `/releases/${release.id}`,
    })),
    ...prompts.map(({ name }) => ({ group: "Prompts", label: name, href: `/prompts/${encodeURIComponent(name)}` })),
  ];
}
