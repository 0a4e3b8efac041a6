import type { Actor } from "@/lib/auth/actor";
import { currentActor } from "@/lib/auth/session";
import { Fault, httpStatus } from "@/lib/errors";

/** A policy's document as a file: the very bytes that its digest is of. */
export async function documentFile(find: (actor: Actor) => Promise<{ name: string; text: string }>): Promise<Response> {
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store" };
  const actor = await currentActor();
  if (!actor) return new Response("Sign in first.\n", { status: 401, headers });
  try {
    const { name, text } = await find(actor);
    const fileName = `${name.replace(/[^a-z0-9._-]/g, "-")}.json`;
    return new Response(text, {
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-disposition": `attachment; filename="${fileName}"`,
      },
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return new Response(`${error.message}\n`, { status: httpStatus[error.code], headers });
  }
}
