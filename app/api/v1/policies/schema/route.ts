import { policyJsonSchema } from "@/lib/releases/policy-document";
import { rest } from "../../_rest";

export const GET = rest(async () => ({
  body: policyJsonSchema(),
  headers: { "content-type": "application/schema+json" },
}));
