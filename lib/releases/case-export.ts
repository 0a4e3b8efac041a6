import { z } from "zod";
import { appendAudit } from "../audit/append";
import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { csvLine } from "../csv";
import { transaction } from "../db/transaction";
import { mostCases } from "./case-commands";
import { type CaseFilter, type CaseRow, describeCases, eachCase, type Said, type Side } from "./cases";
import { getRelease } from "./queries";

/** The cases of a release as a file: all under a filter, or the selected ones. */

export const exportFormats = ["csv", "jsonl"] as const;
export const exportSchema = z.object({
  format: z.enum(exportFormats),
  /** Ids of selected cases; without them all under the filter. */
  ids: z.array(z.int().positive()).min(1).max(mostCases).optional(),
});

/**
 * The file's text, piece by piece: nobody waits for the whole, and no more than a few cases are held at once. What waits for
 * this person's blind grade has neither answers nor verdicts in it. That somebody took the file is in the log before its
 * first byte.
 */
export async function exportCases({
  actor,
  input,
}: {
  actor: Actor;
  input: { releaseId: number; filter: CaseFilter } & z.input<typeof exportSchema>;
}): Promise<AsyncGenerator<string>> {
  permit(actor, "evidence.export");
  const { format, ids } = exportSchema.parse({ format: input.format, ids: input.ids });
  const { releaseId } = input;
  const { after: _after, before: _before, ...filter } = input.filter;
  const release = await getRelease(actor, releaseId);
  const table = await describeCases(actor, releaseId, filter);
  await transaction(async (tx) => {
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    await appendAudit(tx, actor, {
      action: "cases.exported",
      subject: {
        kind: "release",
        id: String(releaseId),
        name: `${release.prompt} ${release.baseline} → ${release.candidate}`,
      },
      details: { format, ...(ids ? { selected: ids.length } : { filter: given as Record<string, string> }) },
    });
  });
  const rows = eachCase(actor, releaseId, filter, ids);
  return format === "csv" ? asCsv(rows, table) : asJsonl(rows, table);
}

type Table = Awaited<ReturnType<typeof describeCases>>;

const waits = "waits for your blind grade";

function verdictsOf(row: CaseRow, table: Table): [judge: string, said: Said][] {
  if (row.hidden) return [];
  const own: Said = row.prefers
    ? { prefers: row.prefers.judge ?? "" }
    : { baseline: row.baseline.verdict, candidate: row.candidate.verdict };
  return [
    ...(table.judge === null ? [] : [[table.judge, own] as [string, Said]]),
    ...table.otherJudges.map(({ id, key }): [string, Said] => [
      key,
      row.judges[id] ?? { baseline: null, candidate: null },
    ]),
  ];
}

type Graded = { baseline: string[]; candidate: string[]; prefers: string[] };

function gradesOf(row: CaseRow, table: Table): [criterion: string, graded: Graded][] {
  if (row.hidden) return [];
  const own = {
    baseline: row.baseline.people,
    candidate: row.candidate.people,
    prefers: row.prefers?.people ?? [],
  };
  return [
    ...(table.criterion === null ? [] : [[table.criterion, own] as [string, Graded]]),
    ...table.otherCriteria.map((key): [string, Graded] => [
      key,
      row.people[key] ?? { baseline: [], candidate: [], prefers: [] },
    ]),
  ];
}

async function* asJsonl(pages: AsyncGenerator<CaseRow[]>, table: Table): AsyncGenerator<string> {
  for await (const rows of pages) {
    let text = "";
    for (const row of rows) {
      const side = (name: "baseline" | "candidate", { output, error }: Side) => ({
        version: table[name],
        output,
        error,
      });
      const line = {
        case: row.key,
        slice: row.slice,
        tags: row.tags,
        ownTags: row.ownTags,
        mustPass: row.mustPass,
        sample: row.sample,
        input: row.input,
        ...(row.hidden
          ? { hidden: waits }
          : {
              baseline: side("baseline", row.baseline),
              candidate: side("candidate", row.candidate),
              flip: row.flip,
              override: row.override,
              judges: Object.fromEntries(verdictsOf(row, table)),
              people: Object.fromEntries(
                gradesOf(row, table).map(([criterion, { prefers, baseline, candidate }]) => [
                  criterion,
                  prefers.length > 0 ? { prefers } : { baseline, candidate },
                ]),
              ),
            }),
      };
      text += `${JSON.stringify(line)}\n`;
    }
    yield text;
  }
}

async function* asCsv(pages: AsyncGenerator<CaseRow[]>, table: Table): AsyncGenerator<string> {
  const judges = [...(table.judge === null ? [] : [table.judge]), ...table.otherJudges.map(({ key }) => key)];
  const criteria = [...(table.criterion === null ? [] : [table.criterion]), ...table.otherCriteria];
  const sides = (what: string) => ["baseline", "candidate"].map((side) => `${what} of ${side}`);
  yield `\ufeff${csvLine([
    ..."case,slice,tags,must-pass,sample,hidden,flip,override,input".split(","),
    ...["baseline", "candidate"].flatMap((name) => [`${name} version`, `${name} output`, `${name} error`]),
    ...judges.flatMap((key) => sides(`judge ${key}`)),
    ...criteria.flatMap((key) => sides(`people ${key}`)),
  ])}`;
  for await (const rows of pages) {
    let text = "";
    for (const row of rows) {
      const said = new Map(verdictsOf(row, table));
      const graded = new Map(gradesOf(row, table));
      text += csvLine([
        row.key,
        row.slice,
        [...row.tags, ...row.ownTags].join("; "),
        row.mustPass,
        row.sample,
        row.hidden ? waits : null,
        row.flip,
        row.hidden ? null : row.override,
        row.input,
        ...[row.baseline, row.candidate].flatMap(({ output, error }, side) => [
          side === 0 ? table.baseline : table.candidate,
          output,
          error,
        ]),
        ...judges.flatMap((key) => {
          const one = said.get(key);
          if (!one) return [null, null];
          return "prefers" in one ? [`prefers ${one.prefers}`, null] : [one.baseline, one.candidate];
        }),
        ...criteria.flatMap((key) => {
          const { baseline = [], candidate = [], prefers = [] } = graded.get(key) ?? {};
          if (prefers.length > 0) return [prefers.map((word) => `prefers ${word}`).join("; "), null];
          return [baseline.join("; ") || null, candidate.join("; ") || null];
        }),
      ]);
    }
    yield text;
  }
}
