"use server";

import { revalidatePath } from "next/cache";
import { chooseCases, deleteView, renameView, saveView, tagCases } from "@/lib/releases/case-commands";
import { act, type Outcome } from "../../../_action";

const cases = (count: number) => (count === 1 ? "1 case" : `${count} cases`);

function changed(releaseId: number): void {
  revalidatePath(`/releases/${releaseId}`, "layout");
}

export async function chooseCasesAction(releaseId: number, ids: number[]): Promise<Outcome> {
  return act(async (actor) => {
    const { added } = await chooseCases({ actor, input: { releaseId, cases: ids } });
    changed(releaseId);
    const left = ids.length - added;
    const why = left > 0 ? ` ${cases(left)} left out: in the sample already, or without both answers.` : "";
    return { message: `Added ${cases(added)} to what people grade.${why}` };
  });
}

export async function tagCasesAction(releaseId: number, ids: number[], tag: string, remove: boolean): Promise<Outcome> {
  return act(async (actor) => {
    const { changed: count } = await tagCases({ actor, input: { releaseId, cases: ids, tag, remove } });
    changed(releaseId);
    return { message: remove ? `Took the tag from ${cases(count)}.` : `Tagged ${cases(count)}.` };
  });
}

export async function saveViewAction(
  releaseId: number,
  input: { name: string; query: string; shared: boolean },
): Promise<Outcome> {
  return act(async (actor) => {
    const view = await saveView({ actor, input });
    changed(releaseId);
    return { message: `Saved the view “${view.name}”.` };
  });
}

export async function renameViewAction(releaseId: number, id: number, name: string): Promise<Outcome> {
  return act(async (actor) => {
    await renameView({ actor, input: { id, name } });
    changed(releaseId);
    return { message: "Renamed." };
  });
}

export async function deleteViewAction(releaseId: number, id: number): Promise<Outcome> {
  return act(async (actor) => {
    await deleteView({ actor, input: { id } });
    changed(releaseId);
    return { message: "Deleted." };
  });
}
