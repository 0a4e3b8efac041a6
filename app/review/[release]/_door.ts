import { ZodError } from "zod";
import { rowId } from "@/app/_row-id";
import type { Person } from "@/lib/auth/actor";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";

type Context = { params: Promise<Record<string, string>> };
type Given = { actor: Person; releaseId: number; request: Request; params: Record<string, string> };

const noStore = { "cache-control": "private, no-store" };

/** The door of the grading screen: the signed-in person, from this site's own pages only. */
export function door(handler: (given: Given) => Promise<unknown>) {
  return async (request: Request, context: Context): Promise<Response> => {
    try {
      const site = request.headers.get("sec-fetch-site");
      if (site !== null && site !== "same-origin")
        throw new Fault("forbidden", "Only Countersign's own pages may ask this.");
      const actor = await currentActor();
      if (!actor)
        throw new Fault(
          "not_signed_in",
          "You are signed out. Sign in again in another tab; your grades are kept here.",
        );
      // What a browser kept for one person is never taken as another's.
      const meant = request.headers.get("x-countersign-person");
      if (meant !== null && meant !== String(actor.userId))
        throw new Fault(
          "not_signed_in",
          `${actor.name} is signed in here now. Sign in as yourself in another tab; your grades are kept here.`,
        );
      const params = await context.params;
      if (!/^[1-9]\d{0,8}$/.test(params.release ?? "")) throw new Fault("not_found", "The release was not found.");
      const body = await handler({ actor, releaseId: rowId(params.release), request, params });
      if (body instanceof Response) return body;
      return Response.json(body ?? null, { headers: noStore });
    } catch (error) {
      if (error instanceof Fault) {
        return Response.json(
          { code: error.code, message: error.message },
          { status: httpStatus[error.code], headers: noStore },
        );
      }
      if (error instanceof ZodError || error instanceof SyntaxError) {
        return Response.json(
          { code: "invalid", message: "The request is not valid." },
          { status: 422, headers: noStore },
        );
      }
      throw error;
    }
  };
}
