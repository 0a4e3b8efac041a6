import { forgetHeld } from "./held";
import { forgetNotes } from "./notes";
import { forgetShell } from "./shell";

/** Takes everything out of this browser but grades that the server does not have yet. */
export async function forgetKept(): Promise<void> {
  forgetNotes();
  await Promise.allSettled([forgetHeld(), forgetShell()]);
}
