import type { ReactNode } from "react";
import { LinkTabs } from "@/components/ui/link-tabs";
import { PageHead } from "@/components/ui/page-head";
import { listMyProjects, requireActor } from "@/lib/auth/session";
import { settingsTabs } from "./_tabs";

export default async function SettingsLayout({ children }: { children: ReactNode }) {
  const actor = await requireActor();
  const project = (await listMyProjects(actor)).find(({ current }) => current);
  return (
    <>
      <PageHead title="Settings" facts={`Project ${project?.name ?? ""}`} />
      <LinkTabs label="Settings" tabs={settingsTabs(actor)} />
      <div className="mt-6 flex max-w-4xl flex-col gap-8">{children}</div>
    </>
  );
}
