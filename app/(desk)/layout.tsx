import Link from "next/link";
import type { ReactNode } from "react";
import { ProjectSwitch } from "@/components/shell/project-switch";
import { Rail } from "@/components/shell/rail";
import { Initials } from "@/components/ui/initials";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { listMyProjects, requireActor } from "@/lib/auth/session";
import { countNews } from "@/lib/releases/news";
import { Deliver } from "./_deliver";
import { Everywhere } from "./_everywhere";
import { paletteEntries } from "./_palette";
import { chooseProjectAction } from "./settings/projects/actions";

export default async function DeskLayout({ children }: { children: ReactNode }) {
  const actor = await requireActor();
  const [projects, entries, news] = await Promise.all([listMyProjects(actor), paletteEntries(actor), countNews(actor)]);
  const isDemo = projects.some((project) => project.current && project.isDemo);
  return (
    <div className="flex min-h-dvh flex-col md:flex-row">
      <Rail
        seesAudit={may(actor, "audit.read")}
        news={news}
        project={<ProjectSwitch projects={projects} choose={chooseProjectAction} />}
        person={
          <>
            <Everywhere entries={entries} userId={actor.userId}>
              <Link
                href="/settings/account"
                className="flex min-h-8 items-center gap-2 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
              >
                <Initials name={actor.name} />
                <span className="min-w-0 break-words">
                  <UntrustedText text={actor.name} />
                </span>
              </Link>
            </Everywhere>
            <Deliver userId={actor.userId} />
          </>
        }
      />
      <div className="min-w-0 grow">
        {isDemo && (
          <aside
            aria-label="About this project"
            className="no-print border-b border-line bg-unsure-soft px-4 py-1 text-sm text-ink md:px-8"
          >
            Demo project: prompts, answers and grades here are invented.
          </aside>
        )}
        <main id="content" tabIndex={-1} className="mx-auto w-full max-w-[90rem] px-4 py-6 outline-none md:px-8">
          {children}
        </main>
      </div>
    </div>
  );
}
