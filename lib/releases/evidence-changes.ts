import type { JsonObject, JsonValue } from "../digest";
import { points } from "./words";

/**
 * What is different between two evidence documents of one release, in words: by people's names, cases and versions, with
 * what was there before and what is there now. Pure.
 */
export type Change = { what: string; before: string | null; after: string | null };
export type ChangeGroup = { key: string; title: string; changes: Change[] };

type Doc = { readonly [key: string]: JsonValue | undefined };

/** In the order in which a reader wants them: what people did, what was asked for, what was compared, what follows from it. */
export function compareEvidence(before: JsonObject, after: JsonObject): ChangeGroup[] {
  const group = (key: string, title: string, changes: Change[]) => ({ key, title, changes });
  const whole = (key: string, label: string) => differences(before[key], after[key], label);
  return [
    group("reviews", "Grades", reviewChanges(rows(before.reviews), rows(after.reviews))),
    group("adjudications", "Settled disagreements", rowChanges(before, after, "adjudications", adjudicationName)),
    group("comments", "Comments on answers", rowChanges(before, after, "comments", commentName)),
    group("sample", "Draws", sampleChanges(rows(before.sample), rows(after.sample))),
    group(
      "chosen",
      "Cases chosen by hand",
      rowChanges(before, after, "chosen", ({ case: key }) => text(key)),
    ),
    group("policy", "Policy", [
      ...whole("policy", "").map(({ what, ...rest }) => ({ what: what.replace(/^document › /, ""), ...rest })),
    ]),
    group("criteria", "Criteria and judges", whole("criteria", "")),
    group("versions", "What is compared", [
      ...["prompt", "dataset", "label"].flatMap((key) => whole(key, key)),
      ...whole("baseline", "baseline"),
      ...whole("candidate", "candidate"),
      ...whole("release", "release"),
    ]),
    group("inputs", "Verdicts and what is known of the judges", whole("inputs", "")),
    group("gates", "Gates", gateChanges(rows(before.gates), rows(after.gates))),
    group("numbers", "Numbers", numberChanges(rows(before.numbers), rows(after.numbers))),
    group("population", "Population", [
      ...whole("population", "cases"),
      ...whole("answers", "answers"),
      ...whole("format", "format"),
    ]),
  ].filter(({ changes }) => changes.length > 0);
}

/** The first few changes in one line, for somebody who just tried to sign. */
export function inOneLine(groups: readonly ChangeGroup[], most = 3): string {
  const all = groups.flatMap(({ changes }) => changes);
  const said = all.slice(0, most).map(({ what, before, after }) => `${what}: ${before ?? "–"} → ${after ?? "–"}`);
  return `${said.join("; ")}${all.length > most ? `; and ${all.length - most} more` : ""}`;
}

function reviewChanges(before: Doc[], after: Doc[]): Change[] {
  const seen = new Map(before.map((row) => [row.id, row]));
  const now = new Map(after.map((row) => [row.id, row]));
  const added = after
    .filter(({ id }) => !seen.has(id))
    .map((row) => {
      const earlier = now.get(row.supersedes) ?? seen.get(row.supersedes);
      const who = text((row.reviewer as Doc | undefined)?.name);
      const at = gradeName(row);
      if (!earlier) return { what: `${who} graded ${at}`, before: null, after: gradeOf(row) };
      const same = gradeOf(earlier) === gradeOf(row);
      const [from, to] = same ? [beside(earlier), beside(row)] : [gradeOf(earlier), gradeOf(row)];
      return { what: `${who} corrected the grade of ${at}`, before: from, after: to };
    });
  const gone = before
    .filter(({ id }) => !now.has(id))
    .map((row) => ({
      what: `The grade of ${gradeName(row)} by ${text((row.reviewer as Doc | undefined)?.name)} is gone`,
      before: gradeOf(row),
      after: null,
    }));
  const bent = before.flatMap((row) => {
    const other = now.get(row.id);
    return other ? differences(row, other, `Grade of ${gradeName(row)}`) : [];
  });
  return [...added, ...gone, ...bent];
}

function gradeName({ case: key, version, criterion }: Doc): string {
  return [key, version, criterion]
    .filter((part) => part !== undefined)
    .map(text)
    .join(", ");
}

const gradeOf = ({ verdict, prefer }: Doc): string => text(verdict ?? prefer);
const beside = (row: Doc): string =>
  [gradeOf(row), ...rows(row.tags).map(text), ...(row.note ? [`“${text(row.note)}”`] : [])].join(", ");

function adjudicationName({ case: key, adjudicator }: Doc): string {
  return `${text(key)}, settled by ${text((adjudicator as Doc | undefined)?.name)}`;
}

function commentName({ case: key, version, reviewer, quote }: Doc): string {
  return `${text(reviewer)} on “${text(quote)}” in ${text(key)}, ${text(version)}`;
}

/** Rows that are only ever added, told by the whole of them: what is new, what is gone. */
function rowChanges(before: Doc, after: Doc, key: string, nameOf: (row: Doc) => string): Change[] {
  const [was, is] = [rows(before[key]), rows(after[key])];
  const known = new Set(was.map((row) => JSON.stringify(row)));
  const kept = new Set(is.map((row) => JSON.stringify(row)));
  const say = (row: Doc) => text(row.outcome ?? row.comment ?? row.by ?? "there");
  return [
    ...is.filter((row) => !known.has(JSON.stringify(row))).map((row) => change(nameOf(row), null, say(row))),
    ...was.filter((row) => !kept.has(JSON.stringify(row))).map((row) => change(nameOf(row), say(row), null)),
  ];
}

function sampleChanges(before: Doc[], after: Doc[]): Change[] {
  const named = (batch: Doc) => `batch ${text(batch.batch)}`;
  const say = (batch: Doc) => `${text(batch.size)} cases, ${text(batch.design)}, drawn by ${text(batch.drawnBy)}`;
  const was = new Map(before.map((batch) => [batch.batch, batch]));
  const is = new Map(after.map((batch) => [batch.batch, batch]));
  return [
    ...after.filter(({ batch }) => !was.has(batch)).map((batch) => change(named(batch), null, say(batch))),
    ...before.flatMap((batch) => {
      const other = is.get(batch.batch);
      return other ? differences(batch, other, named(batch)) : [change(named(batch), say(batch), null)];
    }),
  ];
}

function gateChanges(before: Doc[], after: Doc[]): Change[] {
  const say = (gate: Doc | undefined) =>
    gate ? `${text(gate.status).replaceAll("_", " ")}: ${text(gate.detail)}` : null;
  const keys = [...new Set([...before, ...after].map(({ key }) => key))];
  return keys
    .map((key) => {
      const of = (gates: Doc[]) => say(gates.find((gate) => gate.key === key));
      return change(text(key).replaceAll("_", " "), of(before), of(after));
    })
    .filter((row) => row.before !== row.after);
}

/** Differences of proportions in points; what else changed as it stands. */
function numberChanges(before: Doc[], after: Doc[]): Change[] {
  const inPoints = /› (delta|low|high)$/;
  return differences(before, after, "", (value, path) =>
    typeof value === "number" && inPoints.test(path) && /estimate|alwaysValid/.test(path) ? points(value) : text(value),
  );
}

/** Every member that differs, named by its path; members of lists by what names them there, or by their place. */
function differences(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: string,
  say: (value: JsonValue | undefined, path: string) => string = text,
): Change[] {
  if (Object.is(before, after)) return [];
  const at = (part: string) => (path ? `${path} › ${part}` : part);
  if (isList(before) && isList(after)) {
    const [was, is] = [named(before, after), named(after, before)];
    return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) =>
      differences(was.get(key), is.get(key), at(key), say),
    );
  }
  if (isDoc(before) && isDoc(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key], at(key), say),
    );
  }
  const shown = (value: JsonValue | undefined) => (value === undefined ? null : say(value, path));
  return [change(path, shown(before), shown(after))];
}

/** The rows of a list by the first member that tells all of them apart, in both lists. */
function named(list: readonly JsonValue[], other: readonly JsonValue[]): Map<string, JsonValue> {
  const by = ["key", "case", "stratum", "version", "reviewer"].find((name) =>
    [list, other].every((all) => {
      const names = all.map((row) => (isDoc(row) ? row[name] : undefined));
      return names.every((value) => typeof value === "string") && new Set(names).size === names.length;
    }),
  );
  return new Map(list.map((row, i) => [by ? text((row as Doc)[by]) : String(i + 1), row]));
}

function change(what: string, before: string | null, after: string | null): Change {
  return { what, before, after };
}

const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);
const isDoc = (value: JsonValue | undefined): value is Doc =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const rows = (value: JsonValue | undefined): Doc[] => (isList(value) ? (value as Doc[]) : []);

function text(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "–";
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
  if (typeof value === "boolean") return value ? "yes" : "no";
  return JSON.stringify(value);
}
