import Link from "next/link";
import type { ReactNode } from "react";
import { Keys } from "@/components/shell/keys";
import { Palette } from "@/components/shell/palette";
import { ProjectSwitch } from "@/components/shell/project-switch";
import { Rail } from "@/components/shell/rail";
import { SignOut } from "@/components/shell/sign-out";
import { ThemeToggle } from "@/components/ui/theme";
import { may } from "@/lib/auth/permit";
import { listMyProjects, requireActor } from "@/lib/auth/session";
import { paletteEntries } from "./_palette";
import { chooseProjectAction } from "./settings/projects/actions";

export default async function DeskLayout({ children }: { children: ReactNode }) {
  const actor = await requireActor();
  const [projects, entries] = await Promise.all([listMyProjects(actor), paletteEntries(actor)]);
  const isDemo = projects.some((project) => project.current && project.isDemo);
  return (
    <div className="flex min-h-dvh flex-col md:flex-row">
      <Rail
        seesAudit={may(actor, "audit.read")}
        project={<ProjectSwitch projects={projects} choose={chooseProjectAction} />}
        person={
          <>
            <Palette entries={entries} />
            <ThemeToggle />
            <Keys />
            <Link
              href="/settings/account"
              className="flex min-h-8 items-center rounded-md px-2 break-words text-muted hover:bg-hover hover:text-ink"
            >
              {actor.name}
            </Link>
            <SignOut />
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
