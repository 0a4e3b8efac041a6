import { Button, DownloadButton, LinkButton } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { auditActions, auditKinds } from "@/lib/audit/events";

export const filterNames = ["actor", "prompt", "version", "action", "subject", "from", "to"] as const;
export type FilterValues = Partial<Record<(typeof filterNames)[number] | "before", string>>;

/** The filters as the query of an address, without where the page begins. */
export function filterQuery(values: FilterValues, more: Record<string, string> = {}): string {
  const chosen = filterNames.flatMap((name): [string, string][] => (values[name] ? [[name, values[name]]] : []));
  return new URLSearchParams([...chosen, ...Object.entries(more)]).toString();
}

const actions = Object.entries(auditActions);
const grouped = Object.entries(auditKinds).map(([kind, name]) => ({
  kind,
  name,
  actions: actions.filter(([action]) => action.startsWith(`${kind}.`)),
}));

/** A browser complains of anything else in such a field. */
const dayOf = (text = "") => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? text : "");

/** A plain GET form: the URL is the state. */
export function AuditFilters({ values, prompts }: { values: FilterValues; prompts: readonly string[] }) {
  const some = filterNames.some((name) => values[name]);
  return (
    <form action="/audit" className="flex flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <Field label="Who">
          <Input name="actor" type="search" defaultValue={values.actor ?? ""} placeholder="name or e-mail" />
        </Field>
        <Field label="Prompt">
          <Input
            name="prompt"
            type="search"
            list="audit-prompts"
            defaultValue={values.prompt ?? ""}
            placeholder="its whole name"
          />
        </Field>
        <Field label="Version of the prompt">
          <Input name="version" type="search" defaultValue={values.version ?? ""} placeholder="v3" />
        </Field>
        <Field label="Event">
          <Select name="action" defaultValue={values.action ?? ""}>
            <option value="">any</option>
            {grouped.map(({ kind, name, actions }) => (
              <optgroup key={kind} label={name}>
                {actions.length > 1 && <option value={`${kind}.*`}>{name}: any</option>}
                {actions.map(([action, label]) => (
                  <option key={action} value={action}>
                    {label}
                  </option>
                ))}
              </optgroup>
            ))}
          </Select>
        </Field>
        <Field label="About">
          <Input
            name="subject"
            type="search"
            defaultValue={values.subject ?? ""}
            placeholder="release:7, a case, a label …"
          />
        </Field>
        <Field label="From (UTC)">
          <Input name="from" type="date" defaultValue={dayOf(values.from)} />
        </Field>
        <Field label="To (UTC)">
          <Input name="to" type="date" defaultValue={dayOf(values.to)} />
        </Field>
        <div className="flex items-end gap-2">
          <Button type="submit" variant="primary">
            Search
          </Button>
          {some && <LinkButton href="/audit">Clear</LinkButton>}
        </div>
      </div>
      <datalist id="audit-prompts">
        {prompts.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
        {some ? "What matches, as a file:" : "All of it, as a file:"}
        {(["csv", "jsonl"] as const).map((format) => (
          <DownloadButton key={format} size="sm" href={`/audit/export?${filterQuery(values, { format })}`}>
            {format.toUpperCase()}
          </DownloadButton>
        ))}
      </p>
    </form>
  );
}
