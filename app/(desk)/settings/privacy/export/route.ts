import { projectFile } from "@/app/_project-file";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";
import { exportProject } from "@/lib/privacy/project-export";

const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };

/** Everything of the project as one archive, for an administrator. */
export async function GET(request: Request): Promise<Response> {
  try {
    if (request.headers.get("sec-fetch-site") === "cross-site")
      throw new Fault("forbidden", "Only Countersign's own pages may ask this.");
    const actor = await currentActor();
    if (!actor) return new Response("Sign in first.\n", { status: 401, headers });
    return projectFile(await exportProject({ actor }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers });
  }
}
