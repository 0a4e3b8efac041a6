import { rowId } from "@/app/_row-id";
import { notFound } from "@/lib/errors";
import { getPolicy } from "@/lib/releases/policy-queries";
import { rest } from "../../../../_rest";

/** One version with its document as it is stored: its canonical JSON (RFC 8785) has the digest. */
export const GET = rest(async ({ actor, params }) => {
  const { key, versions } = await getPolicy(actor, params.key ?? "");
  const found = versions.find(({ number }) => number === rowId(params.number));
  if (!found) throw notFound("The version");
  const { document: _, stored, ...version } = found;
  return { body: { key, ...version, document: JSON.parse(stored) as unknown }, headers: { etag: `"${found.digest}"` } };
});
