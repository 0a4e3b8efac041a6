import { LinkTabs } from "@/components/ui/link-tabs";

export function AuditTabs() {
  return (
    <LinkTabs
      label="Audit"
      tabs={[
        { href: "/audit", label: "Log", exact: true },
        { href: "/audit/decisions", label: "Decisions" },
      ]}
    />
  );
}
