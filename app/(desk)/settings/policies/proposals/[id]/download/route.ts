import { rowId } from "@/app/_row-id";
import { getProposal } from "@/lib/releases/policy-queries";
import { documentFile } from "../../../_download";

export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }) {
  const id = rowId((await params).id);
  return documentFile(async (actor) => {
    const { key, stored } = await getProposal(actor, id);
    return { name: `${key}-proposal-${id}`, text: stored };
  });
}
