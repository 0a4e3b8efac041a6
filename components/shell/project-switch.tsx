"use client";

import { useTransition } from "react";
import { Select } from "../ui/select";

type Props = {
  projects: { key: string; name: string; isDemo: boolean; current: boolean }[];
  choose: (key: string) => Promise<void>;
};

export function ProjectSwitch({ projects, choose }: Props) {
  const [busy, start] = useTransition();
  const current = projects.find((project) => project.current);
  const name = (project: { name: string; isDemo: boolean }) =>
    project.isDemo ? `${project.name} (demo)` : project.name;
  if (projects.length < 2) return <p className="px-2 text-sm text-muted">{current ? name(current) : ""}</p>;
  return (
    <Select
      aria-label="Project"
      value={current?.key}
      disabled={busy}
      onChange={(event) => {
        const { value } = event.target;
        start(() => choose(value));
      }}
    >
      {projects.map((project) => (
        <option key={project.key} value={project.key}>
          {name(project)}
        </option>
      ))}
    </Select>
  );
}
