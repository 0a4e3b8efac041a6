import { LinkTabs } from "@/components/ui/link-tabs";

/** For who may read the log: the record, how it came about, what each reviewer saw. */
export function DecisionTabs({ id }: { id: number }) {
  return (
    <LinkTabs
      label="Decision"
      tabs={[
        { href: `/audit/decisions/${id}`, label: "Record", exact: true },
        { href: `/audit/decisions/${id}/timeline`, label: "Timeline" },
        { href: `/audit/decisions/${id}/replay`, label: "Replay" },
      ]}
    />
  );
}
