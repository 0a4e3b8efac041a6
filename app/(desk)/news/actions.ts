"use server";

import { revalidatePath } from "next/cache";
import { requireActor } from "@/lib/auth/session";
import { readNews } from "@/lib/releases/news";

export async function readNewsAction(upTo: number): Promise<void> {
  const actor = await requireActor();
  if (!Number.isInteger(upTo) || upTo < 0) return;
  await readNews({ actor, upTo });
  revalidatePath("/", "layout");
}
