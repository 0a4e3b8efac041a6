import type { ExportedSignOff } from "./decision-archive";
import { type IntervalView, settled, viewEvidence } from "./evidence-view";

/**
 * A decision as one page for people, which needs nothing else and prints on paper. Only what statement and evidence say;
 * every text of them is escaped, and what can't be seen is spelled out.
 */
export function decisionPage(given: {
  project: string;
  prompt: string;
  baseline: string;
  candidate: string;
  outcome: "approved" | "refused";
  decidedAt: string;
  evidenceDigest: string;
  promptDigest: string;
  auditIndex: number;
  signOffs: readonly ExportedSignOff[];
  /** Signatures that their givers took back, by the id that each says of itself. */
  takenBack: readonly { signOff: unknown; reason: unknown }[];
  evidence: string;
  prompts: { name: string; text: string }[];
  log: { origin: string; size: number; root: string };
  key: string;
}): string {
  const { signOffs, log } = given;
  const evidence = viewEvidence(given.evidence);
  const title = `${given.prompt} ${given.baseline} → ${given.candidate}: ${given.outcome}`;
  const backOf = (said: { signOff?: unknown }) =>
    given.takenBack.find(({ signOff }) => signOff !== undefined && signOff === said.signOff);
  const standing = signOffs.filter(({ said }) => said.evidenceDigest === given.evidenceDigest && !backOf(said));
  const primary = evidence?.numbers[0];
  const delta = settled(primary?.estimate);
  const sentence = [
    `${given.outcome === "approved" ? "Approved" : "Refused"}: ${given.candidate} in place of ${given.baseline}, `,
    `with ${standing.length} ${standing.length === 1 ? "signature" : "signatures"}. `,
    primary && delta
      ? `On ${primary.key} the corrected delta was ${points(delta.delta)} (${inWords(delta.intervals[0])}), ${primary.estimate?.reviewed ?? 0} cases graded by people.`
      : "",
  ].join("");

  const signatures = signOffs.map(({ printedName, roles, at, auditIndex, said }) => {
    const stale = said.evidenceDigest !== given.evidenceDigest;
    const word = String(said.decision ?? "signed");
    const back = backOf(said);
    const waivers = (said.waivers ?? []) as { gate?: unknown; scope?: object; until?: unknown; reason?: unknown }[];
    const scopeOf = (scope: object = {}) => Object.entries(scope).map(([of, name]) => `: ${of} ${name}`);
    const opened = ((said.opened ?? []) as { section?: unknown }[]).map(({ section }) => String(section));
    return `<li>
      <p><strong>${text(printedName)}</strong> <span class="word">${text(word)}</span>${stale ? ' <span class="word stale">stale: on earlier evidence</span>' : ""}${back ? ' <span class="word stale">taken back</span>' : ""}</p>
      <p class="small">as ${text(roles.join(", ").replaceAll("_", " "))}, ${text(moment(at))}, with ${text(String(said.reauthentication ?? "–"))}, entry ${auditIndex} of the log</p>
      <p>Meaning: ${text(String(said.meaning ?? "–"))}</p>
      <blockquote>${text(String(said.reason ?? "–"))}</blockquote>
      ${waivers.map(({ gate, scope, until, reason }) => `<p><strong>Waives ${text(`${String(gate).replaceAll("_", " ")}${scopeOf(scope)}`)}</strong> until ${text(String(until).slice(0, 10))}: ${text(String(reason))}</p>`).join("")}
      ${opened.length > 0 ? `<p class="small">Had opened ${text(opened.join(", "))}</p>` : ""}
      ${back ? `<p class="small">Taken back: ${text(String(back.reason ?? "–"))}</p>` : ""}
    </li>`;
  });
  const gateWords = { met: "✓ met", not_met: "✕ not met", not_enough_evidence: "◐ not enough evidence" } as const;
  const gates = evidence?.gates.map(
    ({ key, status, detail }) =>
      `<tr><td>${gateWords[status]}</td><td>${text(key.replaceAll("_", " "))}</td><td>${text(detail)}</td></tr>`,
  );
  const numbers = evidence?.numbers.map(({ key, estimate, judges, tally }) => {
    const found = settled(estimate);
    const intervals = found?.intervals.map((interval) => {
      const { level, method } = interval;
      return `${text(inWords(interval))} pt${level ? `, ${Math.round(level * 100)} %` : ""}${method ? `, ${text(method)}` : ""}`;
    });
    const flips = Object.entries(tally).map(
      ([judge, { better, worse, same }]) => `${text(judge)}: ${better} / ${worse} / ${same}`,
    );
    return `<tr><td>${text(key)}</td><td class="number">${found ? text(points(found.delta)) : "not enough graded"}</td>
      <td>${intervals?.join("<br>") ?? "–"}</td>
      <td class="number">${estimate?.reviewed ?? "–"} / ${estimate?.drawn ?? "–"}</td>
      <td>${judges.map((judge) => `${text(judge.key)}${judge.licence ? `: ${text(judge.licence.replaceAll("_", " "))}` : ""}`).join("<br>") || "people only"}</td>
      <td>${flips.join("<br>") || "–"}</td></tr>`;
  });
  const facts: [string, string][] = [
    ["Project", given.project],
    ["Prompt", given.prompt],
    ["Baseline", `${given.baseline}, ${evidence?.baseline?.digest ?? "–"}`],
    ["Candidate", `${given.candidate}, ${given.promptDigest}`],
    ["Dataset", `${evidence?.dataset ?? "–"}, ${evidence?.population ?? "–"} cases answered by both`],
    ["Label", evidence?.label ?? "none"],
    ["Policy", `${evidence?.policy?.key ?? "–"} ${evidence?.policy?.number ?? ""}, ${evidence?.policy?.digest ?? "–"}`],
    ["Grading closed", `${evidence?.closed?.by ?? "–"}, ${moment(evidence?.closed?.at ?? "")}`],
    ["Decided", moment(given.decidedAt)],
    ["Evidence (SHA-256)", given.evidenceDigest],
    ["Entry in the log", `${given.auditIndex}, under the checkpoint over ${log.size} entries of ${log.origin}`],
    ["Root of the log", log.root],
    ["Key of the log (SHA-256)", given.key],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title><style>${style}</style></head>
<body><main>
<h1>${text(`${given.prompt} ${given.baseline} → ${given.candidate}`)}</h1>
<p class="lead">${text(sentence)}</p>
<h2>Signatures</h2><ol class="signatures">${signatures.join("\n")}</ol>
<h2>Gates</h2>${table(["", "Gate", "Why"], gates)}
<h2>Numbers</h2>${table(["Criterion", "Corrected delta", "Intervals", "Graded / drawn", "Judges", "Better / worse / same"], numbers)}
<h2>What was decided on</h2><dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${text(value)}</dd>`).join("\n")}</dl>
<h2>Prompts</h2>${given.prompts.map(({ name, text: content }) => `<h3>${text(name)}</h3><pre>${text(pretty(content))}</pre>`).join("\n")}
<p class="small">This page is for reading. What was signed is in the files beside it: README.txt tells how to check them, and verify.mjs checks them.</p>
</main></body></html>
`;
}

const style = `
@page { size: A4; margin: 18mm 16mm }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #16181d; background: #fff; color-scheme: light }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; break-after: avoid }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; break-after: avoid }
h1, p, dd, td, pre, blockquote { overflow-wrap: anywhere } p { margin: .25rem 0 }
.lead { font-size: 1.2rem; line-height: 1.4; margin: .75rem 0 0 } .small { font-size: .85rem; color: #555b66 }
.signatures { list-style: none; padding: 0; margin: 0 } .signatures li { border-top: 1px solid #d9dce2; padding: .6rem 0; break-inside: avoid }
.word { border: 1px solid #9aa1ad; border-radius: 4px; padding: 0 .35em; font-size: .85rem } .stale { border-style: dashed }
blockquote { margin: .25rem 0 0; padding-left: .75rem; border-left: 3px solid #d9dce2; white-space: pre-wrap }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .9rem } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #e4e6eb }
th { font-weight: 600 } tr { break-inside: avoid } .number { font-variant-numeric: tabular-nums; white-space: nowrap }
dl { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: .25rem 1rem; margin: 0 } dt { color: #555b66 } dd { margin: 0; font-variant-numeric: tabular-nums }
pre { white-space: pre-wrap; font: .82rem/1.45 ui-monospace, monospace; border: 1px solid #d9dce2; border-radius: 6px; padding: .75rem; margin: 0 }
.unseen { border: 1px solid #b3541e; border-radius: 3px; font: .75em ui-monospace, monospace; padding: 0 .2em }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } }
@media print { main { max-width: none; padding: 0 } body { font-size: 10.5pt } .scroll { overflow: visible } }
`;

function table(head: string[], rows: string[] | undefined): string {
  if (!rows || rows.length === 0) return `<p class="small">none</p>`;
  return `<div class="scroll"><table><thead><tr>${head.map((name) => `<th>${name}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

/** Escaped for HTML; controls, direction marks and zero-width characters as their code points. */
function text(value: string): string {
  return value
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Surrogate}]/gu,
      (character) =>
        `<span class="unseen">U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}</span>`,
    );
}

function moment(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : "–";
}

function points(difference: number): string {
  const digits = signed(difference);
  return `${digits.startsWith("−") || Number(digits) === 0 ? "" : "+"}${digits} pt`;
}

/** `always-valid −17.0 to 0.5`. */
function inWords({ kind, low, high }: IntervalView): string {
  return `${kind} ${signed(low)} to ${signed(high)}`;
}

function signed(difference: number): string {
  const digits = Math.abs(difference * 100).toFixed(1);
  return difference < 0 && Number(digits) !== 0 ? `−${digits}` : digits;
}

/** Canonical JSON set out for reading. */
function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2).replaceAll("\\n", "\n");
  } catch {
    return json;
  }
}
