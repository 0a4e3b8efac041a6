import type { JsonObject } from "@/lib/digest";

type Event = { subject: { kind: string; id: string; name?: string }; details?: JsonObject };

/** The page of the thing that an event is about; null where it has none. */
export function subjectHref({ subject: { kind, id, name }, details }: Event): string | null {
  const isNumber = /^\d+$/.test(id);
  if (kind === "release") return isNumber ? `/releases/${id}` : null;
  if (kind === "import") return isNumber ? `/imports/${id}` : null;
  if (kind === "policy_proposal") return isNumber ? `/settings/policies/proposals/${id}` : null;
  // Its name is the policy's key and the version's number; the id is the key in some entries, the version's row in others.
  if (kind === "policy" && name)
    return `/settings/policies/${encodeURIComponent(name.slice(0, name.lastIndexOf(" ")))}`;
  if (kind === "prompt" && name) return `/prompts/${encodeURIComponent(name)}`;
  if (kind === "label") {
    const cut = id.lastIndexOf("/");
    return `/prompts/${encodeURIComponent(id.slice(0, cut))}/labels/${encodeURIComponent(id.slice(cut + 1))}`;
  }
  // A failure tag; the tag of a case has no name beside its id.
  if ((kind === "tag" && name) || kind === "criterion") return "/settings/grading";
  if (kind === "user" || kind === "sign_in_link") return "/settings/members";
  return typeof details?.releaseId === "number" ? `/releases/${details.releaseId}` : null;
}
