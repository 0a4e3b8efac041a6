import type { Metadata } from "next";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { may } from "@/lib/auth/permit";
import { listMyProjects, requireActor } from "@/lib/auth/session";
import { ActionForm } from "../_components/action-form";
import { createProjectAction } from "./actions";

export const metadata: Metadata = { title: "Projects" };

export default async function ProjectsPage() {
  const actor = await requireActor();
  const projects = await listMyProjects(actor);
  return (
    <section aria-labelledby="projects" className="flex max-w-md flex-col gap-4">
      <h2 id="projects" className="text-lg font-semibold">
        Projects
      </h2>
      <ul className="flex flex-col">
        {projects.map((project) => (
          <li key={project.key} className="border-b border-line py-2">
            <UntrustedText text={project.name} />{" "}
            <span className="font-mono text-sm text-muted">
              <UntrustedText text={project.key} />
            </span>
            {project.isDemo && " (demo data)"}
            {project.current && " (shown now)"}
          </li>
        ))}
      </ul>
      {may(actor, "project.create") ? (
        <ActionForm action={createProjectAction} submit="Create project">
          <Field label="Name">
            <Input name="name" required maxLength={100} />
          </Field>
          <Field label="Key" hint="Small letters, digits and hyphens.">
            <Input name="key" required pattern="[a-z0-9][a-z0-9\-]{1,39}" />
          </Field>
        </ActionForm>
      ) : (
        <Notice tone="info">An administrator creates projects.</Notice>
      )}
    </section>
  );
}
