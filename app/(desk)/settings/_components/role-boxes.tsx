import { Checkbox } from "@/components/ui/checkbox";
import { type Role, roleNames, roles } from "@/lib/auth/actor";

const does: Record<Role, string> = {
  viewer: "reads everything",
  reviewer: "grades samples",
  release_manager: "creates and signs releases",
  auditor: "reads and verifies the log",
  administrator: "members, tokens, imports",
};

export function RoleBoxes({ chosen = [], legend = "Roles" }: { chosen?: readonly Role[]; legend?: string }) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">{legend}</legend>
      {roles.map((role) => (
        <Checkbox key={role} name="roles" value={role} defaultChecked={chosen.includes(role)}>
          <span className="first-letter:uppercase inline-block">{roleNames[role]}</span>{" "}
          <span className="text-muted">{does[role]}</span>
        </Checkbox>
      ))}
    </fieldset>
  );
}
