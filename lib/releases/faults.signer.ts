import type { Person } from "../auth/actor";
import { Reauthentication } from "./reauthenticate";
import type { SignOffInput } from "./schema";
import { signOff } from "./sign-off";

// Run by faults.seed.ts as a process of its own, to be killed: signs what it is told, when it is told.

type Told = { actor: Person; password: string; input: SignOffInput };

let told: Told | undefined;
let proof: Reauthentication | null = null;

process.on("message", async (message: Told | "go") => {
  try {
    if (message !== "go") {
      told = message;
      proof = await Reauthentication.byPassword(told.actor, told.password);
      process.send?.({ ready: true });
      return;
    }
    const done = await signOff({ actor: told!.actor, input: { ...told!.input, reauthentication: proof } });
    process.send?.({ done });
  } catch (error) {
    process.send?.({ error: String((error as Error).message) });
  }
});
process.on("disconnect", () => process.exit(0));
process.send?.({ up: true });
