import { projectFile } from "@/app/_project-file";
import { exportProject } from "@/lib/privacy/project-export";
import { rest } from "../../_rest";

/** Everything of the token's project as one archive. */
export const GET = rest(async ({ actor }) => projectFile(await exportProject({ actor })));
