import { z } from "zod";
import { gateFor } from "@/lib/releases/gate";
import { rest } from "../_rest";

const query = z.object({ prompt: z.string().min(1).max(300), version: z.string().min(1).max(300) });

export const GET = rest(async ({ actor, url }) => ({
  body: await gateFor(actor, query.parse(Object.fromEntries(url.searchParams))),
}));
