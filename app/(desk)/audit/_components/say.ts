import type { AuditEvent } from "@/lib/audit/leaf";
import type { JsonValue } from "@/lib/digest";

/** How details of events read; what is not here has its own name, with spaces. */
const names: Record<string, string> = {
  releaseId: "release",
  importId: "import",
  tookMs: "took (ms)",
  for: "for",
  to: "to",
  from: "from",
  how: "how",
  move: "move",
  askedBy: "asked by",
  evidenceDigest: "evidence",
  newVersions: "new versions",
  adoptedLabels: "labels adopted",
  reauthentication: "signed with",
};

export function detailName(name: string): string {
  return names[name] ?? name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll("_", " ");
}

export function detailText(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ");
  return JSON.stringify(value);
}

/** What the event says beyond its name, in a few words: from where to where, how many, why. */
export function gist({ details }: AuditEvent): string {
  if (!details) return "";
  const said = (name: string) =>
    details[name] === undefined || details[name] === null ? "" : detailText(details[name]);
  const way = said("from") && said("to") ? `${said("from")} → ${said("to")}` : said("to") && `→ ${said("to")}`;
  const counted = ["grades", "cases", "size", "made", "taken", "count", "approvals"].flatMap((name) =>
    typeof details[name] === "number" ? `${detailName(name)}: ${details[name]}` : [],
  );
  return [said("decision"), way, said("format"), ...counted, said("outcome"), said("reason") && `“${said("reason")}”`]
    .filter(Boolean)
    .join(" · ");
}
