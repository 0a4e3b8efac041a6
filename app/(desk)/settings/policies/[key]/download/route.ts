import { rowId } from "@/app/_row-id";
import { notFound } from "@/lib/errors";
import { getPolicy } from "@/lib/releases/policy-queries";
import { documentFile } from "../../_download";

export async function GET(request: Request, { params }: { params: Promise<{ key: string }> }) {
  const number = rowId(new URL(request.url).searchParams.get("version") ?? undefined);
  const { key } = await params;
  return documentFile(async (actor) => {
    const found = (await getPolicy(actor, key)).versions.find((version) => version.number === number);
    if (!found) throw notFound("The version");
    return { name: `${key}-${number}`, text: found.stored };
  });
}
