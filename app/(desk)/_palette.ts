import type { PaletteLink } from "@/components/shell/palette";
import type { Actor } from "@/lib/auth/actor";
import { listMembers } from "@/lib/auth/members";
import { may } from "@/lib/auth/permit";
import { db } from "@/lib/db/client";
import { whyMayNotSign } from "@/lib/releases/sign-off";
import { settingsTabs } from "./settings/_tabs";

/** What the command palette offers at once: what to do, where to go, the latest releases, prompts and people. */
export async function paletteEntries(actor: Actor): Promise<PaletteLink[]> {
  const [prompts, releases, members] = await Promise.all([
    db.prompt.findMany({ where: { projectId: actor.projectId }, orderBy: { name: "asc" }, take: 100 }),
    db.release.findMany({
      where: { projectId: actor.projectId },
      include: { prompt: true, baseline: true, candidate: true },
      orderBy: { id: "desc" },
      take: 50,
    }),
    listMembers(actor),
  ]);
  const named = releases.map((release) => ({
    ...release,
    name: `${release.prompt.name} ${release.baseline.key} → ${release.candidate.key}`,
  }));
  const having = (state: string) => named.filter((release) => release.state === state);
  const toSign = await Promise.all(
    (may(actor, "release.sign") ? having("ready") : []).map(async (release) => ({
      ...release,
      signs: (await whyMayNotSign(actor, release.id)) === null,
    })),
  );
  const actions: [boolean, string, string][] = [
    ...having("grading").map(({ id, name }): [boolean, string, string] => [
      may(actor, "review.grade"),
      `Grade ${name}`,
      `/review/${id}`,
    ]),
    ...toSign.map(({ id, name, signs }): [boolean, string, string] => [
      signs,
      `Read and sign ${name}`,
      `/releases/${id}/sign-off`,
    ]),
    [may(actor, "release.create"), "New release", "/releases/new"],
    [may(actor, "import.create"), "Import results", "/imports"],
    ...prompts
      .slice(0, 20)
      .map(({ name }): [boolean, string, string] => [
        may(actor, "prompt.push"),
        `New version of ${name}`,
        `/prompts/${encodeURIComponent(name)}/new`,
      ]),
  ];
  const pages: [string, string][] = [
    ["Desk", "/"],
    ["Releases", "/releases"],
    ["Prompts", "/prompts"],
    ["Runs", "/runs"],
    ["Imports", "/imports"],
    ["Judges", "/judges"],
    ["News", "/news"],
    ...(may(actor, "audit.read")
      ? ([
          ["Audit", "/audit"],
          ["Decisions", "/audit/decisions"],
        ] as [string, string][])
      : []),
  ];
  return [
    ...actions.filter(([allowed]) => allowed).map(([, label, href]) => ({ group: "Actions", label, to: href })),
    ...pages.map(([label, href]) => ({ group: "Pages", label, to: href })),
    ...settingsTabs(actor).map(({ label, about, href }) => ({ group: "Settings", label, of: about, to: href })),
    ...named.map(({ id, name, state }) => ({
      group: "Releases",
      label: name,
      of: `release ${id}, ${state}`,
      to: `/releases/${id}`,
    })),
    ...prompts.map(({ name }) => ({ group: "Prompts", label: name, to: `/prompts/${encodeURIComponent(name)}` })),
    ...members.slice(0, 200).map(({ name, roles }) => ({
      group: "People",
      label: name,
      of: roles.join(", ").replaceAll("_", " "),
      to: "/settings/members",
    })),
  ];
}
