import { unstable_rethrow } from "next/navigation";
import { ZodError } from "zod";
import type { Person } from "@/lib/auth/actor";
import { requireActor } from "@/lib/auth/session";
import { Fault, type FaultCode } from "@/lib/errors";

/** What a form hears back. Expected refusals are values; a surprise is thrown and shows the error page. */
export type Outcome<T = undefined> =
  | { ok: true; message?: string; value?: T }
  | { ok: false; code: FaultCode; message: string; field?: string };

/** Runs a server action as the signed-in person and turns a Fault into a value. The door for every form. */
export async function act<T = undefined>(
  work: (actor: Person) => Promise<{ message?: string; value?: T } | undefined>,
): Promise<Outcome<T>> {
  try {
    const actor = await requireActor();
    return { ok: true, ...(await work(actor)) };
  } catch (error) {
    unstable_rethrow(error);
    if (error instanceof Fault)
      return { ok: false, code: error.code, message: error.message, field: error.place.field };
    if (error instanceof ZodError) {
      const issue = error.issues[0];
      return { ok: false, code: "invalid", message: issue?.message ?? "Not valid.", field: issue?.path.join(".") };
    }
    throw error;
  }
}
