import { getBrief } from "@/lib/releases/brief";
import { rest } from "../../_rest";
import { releaseId } from "../_id";

export const GET = rest(async ({ actor, params }) => ({ body: await getBrief(actor, releaseId(params)) }));
