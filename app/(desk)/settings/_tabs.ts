import type { LinkTab } from "@/components/ui/link-tabs";
import type { Actor } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";

/** The settings that this person may open, for the page and for the palette; `about`: what is there. */
export function settingsTabs(actor: Actor): (LinkTab & { about: string })[] {
  return [
    { href: "/settings/members", label: "Members", about: "people and roles" },
    { href: "/settings/policies", label: "Policies", about: "what a release must meet" },
    { href: "/settings/grading", label: "Grading", about: "failure tags and criteria" },
    { href: "/settings/tokens", label: "Tokens", about: "for programs" },
    { href: "/settings/account", label: "Account", about: "password and passkeys" },
    { href: "/settings/privacy", label: "Privacy", about: "removal and retention" },
    ...(may(actor, "project.create")
      ? [{ href: "/settings/projects", label: "Projects", about: "a new project" }]
      : []),
  ];
}
