import type { ReactNode } from "react";
import { LinkTabs } from "@/components/ui/link-tabs";
import { PageHead } from "@/components/ui/page-head";
import { may } from "@/lib/auth/permit";
import { listMyProjects, requireActor } from "@/lib/auth/session";

export default async function SettingsLayout({ children }: { children: ReactNode }) {
  const actor = await requireActor();
  const project = (await listMyProjects(actor)).find(({ current }) => current);
  return (
    <>
      <PageHead title="Settings" facts={`Project ${project?.name ?? ""}`} />
      <LinkTabs
        label="Settings"
        tabs={[
          { href: "/settings/members", label: "Members" },
          { href: "/settings/policies", label: "Policies" },
          { href: "/settings/grading", label: "Grading" },
          { href: "/settings/tokens", label: "Tokens" },
          { href: "/settings/account", label: "Account" },
          { href: "/settings/privacy", label: "Privacy" },
          ...(may(actor, "project.create") ? [{ href: "/settings/projects", label: "Projects" }] : []),
        ]}
      />
      <div className="mt-6 flex max-w-4xl flex-col gap-8">{children}</div>
    </>
  );
}
