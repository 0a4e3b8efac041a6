import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { getBrief } from "./brief";

export type GateAnswer = {
  decision: "approved" | "refused" | "pending" | "unknown";
  /** The release that the answer rests on. */
  release?: number;
  reasons: string[];
};

/**
 * May this version be used? Reads the same decided row that moves the label; nothing else can say yes. The newest
 * decision counts, except that a refusal with a newer open release is pending again.
 */
export async function gateFor(actor: Actor, input: { prompt: string; version: string }): Promise<GateAnswer> {
  permit(actor, "project.read");
  const version = await db.promptVersion.findFirst({
    where: { key: input.version, prompt: { name: input.prompt, projectId: actor.projectId } },
    select: { id: true },
  });
  if (!version) {
    return { decision: "unknown", reasons: [`This project has no version ${input.version} of ${input.prompt}.`] };
  }
  const releases = await db.release.findMany({
    where: { projectId: actor.projectId, candidateId: version.id },
    select: { id: true, state: true, decision: { select: { id: true, outcome: true, evidenceDigest: true } } },
    orderBy: { id: "desc" },
  });
  const decided = releases
    .filter(({ decision }) => decision !== null)
    .sort((a, b) => b.decision!.id - a.decision!.id)[0];
  if (decided?.state === "approved") {
    const { evidenceDigest } = decided.decision!;
    return { decision: "approved", release: decided.id, reasons: [`Approved on evidence ${evidenceDigest}.`] };
  }
  const open = releases.find(({ state }) => state === "draft" || state === "grading" || state === "ready");
  if (open) {
    const { gates } = await getBrief(actor, open.id);
    const reasons = gates.filter(({ status }) => status !== "met").map(({ detail }) => detail);
    return { decision: "pending", release: open.id, reasons };
  }
  if (decided) {
    const refusals = await db.signOff.findMany({
      where: { releaseId: decided.id, decision: "refuse" },
      select: { printedName: true, reason: true },
    });
    const reasons = refusals.map(({ printedName, reason }) => `Refused by ${printedName}: ${reason}`);
    return { decision: "refused", release: decided.id, reasons };
  }
  return { decision: "unknown", reasons: [`No release asked about version ${input.version} of ${input.prompt}.`] };
}
