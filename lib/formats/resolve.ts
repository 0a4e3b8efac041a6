import {
  type At,
  type CaseRow,
  type CriterionRow,
  type JudgeRow,
  type OutputRow,
  type PreferenceReviewRow,
  type PreferenceVerdictRow,
  type ReviewRow,
  refuse,
  type SourceRow,
  type VerdictRow,
  type VersionRow,
} from "./rows";

/** Rows whose references are known to hold, as small numbers in order of appearance. */
export type ResolvedRow =
  | (CriterionRow & { index: number })
  | (JudgeRow & { index: number; criterionIndex: number })
  | (VersionRow & { index: number })
  | (CaseRow & { index: number })
  | (OutputRow & { caseIndex: number; versionIndex: number })
  | (Omit<VerdictRow, "verdict"> & {
      verdict: "pass" | "fail" | "error";
      caseIndex: number;
      versionIndex: number;
      judgeIndex: number;
    })
  | (ReviewRow & { caseIndex: number; versionIndex: number; criterionIndex: number })
  | (PreferenceVerdictRow & { caseIndex: number; versionIndexes: Pair; judgeIndex: number })
  | (PreferenceReviewRow & { caseIndex: number; versionIndexes: Pair; criterionIndex: number });

type Pair = [first: number, second: number];

/** Line numbers by case: four bytes a row, so that a second row of the same key can name the first. */
class SeenLines {
  private lines = new Int32Array(1024);

  /** Records the line; gives the line of an earlier row of that case, or 0. */
  mark(caseIndex: number, line: number): number {
    if (caseIndex >= this.lines.length) {
      const larger = new Int32Array(Math.max(this.lines.length * 2, caseIndex + 1));
      larger.set(this.lines);
      this.lines = larger;
    }
    const before = this.lines[caseIndex]!;
    if (before === 0) this.lines[caseIndex] = line;
    return before;
  }

  has(caseIndex: number): boolean {
    return caseIndex < this.lines.length && this.lines[caseIndex] !== 0;
  }
}

function mark(lines: SeenLines, caseIndex: number, at: At, what: () => string): void {
  const before = lines.mark(caseIndex, at.line);
  if (before > 0) throw refuse(`${what()} stands twice: lines ${before} and ${at.line}.`, { ...at, field: "case" });
}

/** Keys of one kind by order of appearance. All of a kind stand in one file, so that a line is all there is to remember. */
class Names {
  private readonly known = new Map<string, number>();
  private readonly lines: number[] = [];
  private file = "";
  constructor(private readonly what: string) {}

  add(key: string, at: At): number {
    const before = this.known.get(key);
    if (before !== undefined) {
      throw refuse(`The ${this.what} “${key}” stands twice: first in ${this.file} line ${this.lines[before]}.`, {
        ...at,
        field: this.what,
      });
    }
    const index = this.lines.length;
    this.known.set(key, index);
    this.lines.push(at.line);
    this.file = at.file;
    return index;
  }

  find(key: string, at: At): number {
    const found = this.known.get(key);
    if (found === undefined)
      throw refuse(`The ${this.what} “${key.slice(0, 120)}” is not in this source.`, { ...at, field: this.what });
    return found;
  }
}

/**
 * Checks references and uniqueness across a whole source. Memory grows with the number of cases only. A row is not copied:
 * what is found out about it is added to it.
 */
export class Resolver {
  private readonly cases = new Names("case");
  private readonly versions = new Names("version");
  private readonly criteria = new Names("criterion");
  private readonly judges = new Names("judge");
  private readonly judgeRows: JudgeRow[] = [];
  private readonly criterionRows: CriterionRow[] = [];
  /** By version: the cases that have an output. */
  private readonly outputs: SeenLines[] = [];
  private readonly seen = new Map<string, SeenLines>();
  readonly counts = { versions: 0, cases: 0, outputs: 0, verdicts: 0, reviews: 0 };

  private once(group: string, caseIndex: number, at: At, what: () => string): void {
    let lines = this.seen.get(group);
    if (!lines) {
      lines = new SeenLines();
      this.seen.set(group, lines);
    }
    mark(lines, caseIndex, at, what);
  }

  resolve(row: SourceRow): ResolvedRow {
    const { at } = row;
    switch (row.kind) {
      case "criterion":
        this.criterionRows.push(row);
        return Object.assign(row, { index: this.criteria.add(row.key, at) });
      case "judge": {
        const criterionIndex = this.criteria.find(row.criterion, at);
        this.judgeRows.push(row);
        return Object.assign(row, { criterionIndex, index: this.judges.add(row.key, at) });
      }
      case "version":
        this.counts.versions++;
        return Object.assign(row, { index: this.versions.add(row.key, at) });
      case "case": {
        this.counts.cases++;
        const resolved = row as typeof row & { index: number };
        resolved.index = this.cases.add(row.key, at);
        return resolved;
      }
      case "output": {
        const resolved = row as typeof row & { caseIndex: number; versionIndex: number };
        resolved.caseIndex = this.cases.find(row.case, at);
        resolved.versionIndex = this.versions.find(row.version, at);
        this.outputs[resolved.versionIndex] ??= new SeenLines();
        mark(
          this.outputs[resolved.versionIndex]!,
          resolved.caseIndex,
          at,
          () => `The output of case “${row.case}” by version “${row.version}”`,
        );
        this.counts.outputs++;
        return resolved;
      }
      case "verdict": {
        const resolved = row as Extract<ResolvedRow, { kind: "verdict" }>;
        resolved.caseIndex = this.cases.find(row.case, at);
        resolved.versionIndex = this.versions.find(row.version, at);
        resolved.judgeIndex = this.judges.find(row.judge, at);
        const judge = this.judgeRows[resolved.judgeIndex]!;
        this.needKind("pass_fail", judge.criterion, at);
        this.needOutput(resolved.versionIndex, resolved.caseIndex, row.case, row.version, at);
        this.once(
          `verdict ${resolved.versionIndex} ${resolved.judgeIndex} ${row.repeat}`,
          resolved.caseIndex,
          at,
          () =>
            `The verdict of judge “${row.judge}” on case “${row.case}” by version “${row.version}”${row.repeat > 0 ? `, repeat ${row.repeat},` : ""}`,
        );
        this.counts.verdicts++;
        row.verdict ??= this.fromScore(row, judge);
        return resolved;
      }
      case "review": {
        const caseIndex = this.cases.find(row.case, at);
        const versionIndex = this.versions.find(row.version, at);
        const criterionIndex = this.criteria.find(row.criterion, at);
        this.needKind("pass_fail", row.criterion, at);
        this.needOutput(versionIndex, caseIndex, row.case, row.version, at);
        this.once(
          `review ${versionIndex} ${criterionIndex} ${row.reviewer}`,
          caseIndex,
          at,
          () => `The review by “${row.reviewer}” of case “${row.case}” by version “${row.version}”`,
        );
        this.counts.reviews++;
        return Object.assign(row, { caseIndex, versionIndex, criterionIndex });
      }
      case "preferenceVerdict": {
        const { caseIndex, versionIndexes } = this.pairOf(row);
        const judgeIndex = this.judges.find(row.judge, at);
        this.needKind("preference", this.judgeRows[judgeIndex]!.criterion, at);
        this.once(
          `preferenceVerdict ${versionIndexes} ${judgeIndex}`,
          caseIndex,
          at,
          () =>
            `The preference of judge “${row.judge}” on case “${row.case}” between “${row.versions.join("” and “")}”`,
        );
        this.counts.verdicts++;
        return Object.assign(row, { caseIndex, versionIndexes, judgeIndex });
      }
      case "preferenceReview": {
        const { caseIndex, versionIndexes } = this.pairOf(row);
        const criterionIndex = this.criteria.find(row.criterion, at);
        this.needKind("preference", row.criterion, at);
        this.once(
          `preferenceReview ${versionIndexes} ${criterionIndex} ${row.reviewer}`,
          caseIndex,
          at,
          () => `The preference of “${row.reviewer}” on case “${row.case}” between “${row.versions.join("” and “")}”`,
        );
        this.counts.reviews++;
        return Object.assign(row, { caseIndex, versionIndexes, criterionIndex });
      }
    }
  }

  private pairOf({ case: key, versions, at }: PreferenceVerdictRow | PreferenceReviewRow) {
    const caseIndex = this.cases.find(key, at);
    const versionIndexes = versions.map((version) => {
      const index = this.versions.find(version, at);
      this.needOutput(index, caseIndex, key, version, at);
      return index;
    }) as Pair;
    return { caseIndex, versionIndexes };
  }

  private needKind(asks: CriterionRow["asks"], criterion: string, at: At): void {
    const row = this.criterionRows[this.criteria.find(criterion, at)]!;
    if (row.asks === asks) return;
    throw refuse(
      row.asks === "preference"
        ? `The criterion “${criterion}” is a preference: a line names two versions and what is preferred (versions, prefer).`
        : `The criterion “${criterion}” is pass or fail: a line names one version and a verdict. A preference needs "kind": "preference" in bundle.json.`,
      { ...at, field: row.asks === "preference" ? "versions" : "version" },
    );
  }

  private needOutput(versionIndex: number, caseIndex: number, key: string, version: string, at: At): void {
    if (this.outputs[versionIndex]?.has(caseIndex)) return;
    throw refuse(`There is no output of case “${key}” by version “${version}” to judge.`, { ...at, field: "case" });
  }

  private fromScore(row: VerdictRow, judge: JudgeRow): "pass" | "fail" {
    if (judge.threshold === null) {
      throw refuse(`The judge “${judge.key}” has no threshold in bundle.json, so its score gives no verdict.`, {
        ...row.at,
        field: "score",
      });
    }
    return row.score! >= judge.threshold ? "pass" : "fail";
  }
}
