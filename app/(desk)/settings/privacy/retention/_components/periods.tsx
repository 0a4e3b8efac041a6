import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { plural } from "@/components/ui/format";
import { Input } from "@/components/ui/input";
import type { Periods } from "@/lib/privacy/schema";

/** What periods mean, in a sentence for each. */
export function PeriodsInWords({ runsDays, inputs }: Periods) {
  return (
    <ul className="list-disc pl-5">
      <li>
        Answers that no decision needs, and what was said of them:{" "}
        {runsDays === null ? "kept for ever" : `removed ${plural(runsDays, "day")} after their import`}
      </li>
      <li>Inputs of cases: {inputs ? "removed with the last answer to them" : "kept for ever"}</li>
    </ul>
  );
}

export function PeriodFields({ periods }: { periods: Periods }) {
  const days = { type: "number", min: 1, max: 3650, className: "max-w-32" };
  return (
    <>
      <Field label="Answers, and what was said of them: days since import" hint="Empty: kept for ever">
        <Input name="runsDays" {...days} defaultValue={periods.runsDays ?? ""} />
      </Field>
      <Checkbox name="inputs" defaultChecked={periods.inputs}>
        Remove the input of a case with the last answer to it
      </Checkbox>
    </>
  );
}
