import Link from "next/link";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { auditActions } from "@/lib/audit/events";

export type FilterValues = { action?: string; actor?: string; subject?: string; from?: string; to?: string };

/** A plain GET form: the URL is the state. */
export function AuditFilters({ values }: { values: FilterValues }) {
  return (
    <form action="/audit" className="flex flex-wrap items-end gap-3">
      <Field label="Event">
        <Select name="action" defaultValue={values.action ?? ""}>
          <option value="">any</option>
          {Object.entries(auditActions).map(([action, label]) => (
            <option key={action} value={action}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Who">
        <Input name="actor" type="search" defaultValue={values.actor ?? ""} placeholder="name or e-mail" />
      </Field>
      <Field label="About">
        <Input name="subject" type="search" defaultValue={values.subject ?? ""} placeholder="release:7, a prompt …" />
      </Field>
      <Field label="From (UTC)">
        <Input name="from" type="date" defaultValue={values.from ?? ""} />
      </Field>
      <Field label="To (UTC)">
        <Input name="to" type="date" defaultValue={values.to ?? ""} />
      </Field>
      <Button type="submit">Filter</Button>
      <Link href="/audit" className="inline-flex min-h-9 items-center text-accent underline underline-offset-2">
        Clear
      </Link>
    </form>
  );
}
