import { isObject, limits } from "./rows";

/** True for a value that is right beyond doubt; false leaves it to the schema. */
type Check = (value: unknown) => boolean;

/** Cheap checks, each at least as strict as what the schemas of the formats ask for under the same name. */
const isKey: Check = (value) => typeof value === "string" && value !== "" && value.length <= limits.keyLength;
const isShort: Check = (value) => typeof value === "string" && value.length <= limits.keyLength;
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isAmount: Check = (value) => isNumber(value) && (value as number) >= 0;
const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isContent: Check = (value) => typeof value === "string" || (typeof value === "object" && value !== null);
/** The first 28 days of any month: whether there is a 31st is left to the schema. */
const time =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);
const oneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value as string);

const withMembers = (known: Record<string, Check>): Check => {
  const checks = Object.entries(known);
  return (value) => isObject(value) && checks.every(([name, check]) => check(value[name]));
};

export const plain = {
  key: isKey,
  maybeKey: maybe(isKey),
  twoKeys: (value: unknown) => Array.isArray(value) && value.length === 2 && value.every(isKey),
  content: isContent,
  maybeContent: maybe(isContent),
  maybeText: maybe((value) => typeof value === "string"),
  maybeShort: maybe(isShort),
  maybeTags: maybe((value) => Array.isArray(value) && value.every(isShort)),
  maybeBoolean: maybe((value) => typeof value === "boolean"),
  maybeNumber: maybe(isNumber),
  maybeAmount: maybe(isAmount),
  maybeWhole: maybe(isWhole),
  maybeWholeTo: (most: number) => maybe((value) => isWhole(value) && (value as number) <= most),
  maybeTime: maybe((value) => typeof value === "string" && time.test(value)),
  oneOf,
  maybeOneOf: (...words: string[]) => maybe(oneOf(...words)),
  boolean: (value: unknown) => typeof value === "boolean",
  whole: isWhole,
  maybeInt: maybe(Number.isSafeInteger),
  maybeObject: maybe(isObject),
  /** An object of which every known member is right, whatever else it has. */
  maybeWith: (known: Record<string, Check>) => maybe(withMembers(known)),
  withMembers,
  nullOr: (check: Check) => (value: unknown) => value === null || check(value),
  textOr: (check: Check) => (value: unknown) => typeof value === "string" || check(value),
  maybeListOf: (check: Check) => maybe((value) => Array.isArray(value) && value.every(check)),
} satisfies Record<string, Check | ((...given: never[]) => Check)>;

/** What a line has beside what is known, mostly nothing. */
const nothing: Record<string, unknown> = Object.freeze({});

/**
 * Recognizes an object of which every known member is right, the first `needed` of them present, in one pass over what it
 * has: gives the members that are not known, or null when a schema has to look.
 */
export function plainShape(
  known: Record<string, Check>,
  needed: number,
): (value: unknown) => Record<string, unknown> | null {
  const checks = new Map(Object.entries(known));
  const required = Object.keys(known).slice(0, needed);
  return (row) => {
    if (!isObject(row)) return null;
    for (const name of required) if (row[name] === undefined) return null;
    let others: Record<string, unknown> | null = null;
    for (const name in row) {
      const check = checks.get(name);
      if (check) {
        if (!check(row[name])) return null;
      } else if (name === "__proto__") {
        // An ordinary member, which an assignment would not make.
        return null;
      } else {
        others ??= {};
        others[name] = row[name];
      }
    }
    return others ?? nothing;
  };
}
