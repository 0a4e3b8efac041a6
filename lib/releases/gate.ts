import type { Actor } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import { getBrief } from "./brief";
import { type WaiverOn, waiversOn } from "./waivers";
import { waivedInWords } from "./words";

export type GateAnswer = {
  decision: "approved" | "refused" | "pending" | "unknown";
  /** The release that the answer rests on. */
  release?: number;
  reasons: string[];
  /** Gates, or with `scope` parts of them, that the approval lets pass although they were open, and until when. */
  waivers?: WaiverOn[];
  /** Emergencies in which a protected label was moved to this version without an approval. Each is also among the reasons. */
  breakGlass?: { label: string; by: string; reason: string; at: string }[];
};

/**
 * May this version be used? Reads the same decided row that moves the label; nothing else can say yes. The newest
 * decision counts, except that a refusal with a newer open release is pending again, and so is an approval that needed a
 * waiver once the waiver has ended. Breaking the glass approves nothing.
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
  const [answer, broken] = await Promise.all([decisionOn(actor, version.id, input), breaksTo(version.id)]);
  if (broken.length === 0) return answer;
  const said = broken.map(
    ({ label, by, at, reason }) =>
      `break_glass: ${by} moved the label ${label} here on ${at.slice(0, 10)} without an approval: ${reason}`,
  );
  return { ...answer, reasons: [...said, ...answer.reasons], breakGlass: broken };
}

async function breaksTo(toVersionId: number): Promise<NonNullable<GateAnswer["breakGlass"]>> {
  const rows = await db.breakGlass.findMany({ where: { toVersionId }, orderBy: { id: "desc" } });
  return rows.map(({ label, printedName, reason, createdAt }) => {
    return { label, by: printedName, reason, at: createdAt.toISOString() };
  });
}

async function decisionOn(
  actor: Actor,
  candidateId: number,
  input: { prompt: string; version: string },
): Promise<GateAnswer> {
  const releases = await db.release.findMany({
    where: { projectId: actor.projectId, candidateId },
    select: {
      id: true,
      state: true,
      decision: { select: { id: true, outcome: true, evidenceDigest: true, waivedUntil: true } },
    },
    orderBy: { id: "desc" },
  });
  const decided = releases
    .filter(({ decision }) => decision !== null)
    .sort((a, b) => b.decision!.id - a.decision!.id)[0];
  if (decided?.state === "approved") {
    const { evidenceDigest, waivedUntil } = decided.decision!;
    const waivers = await waiversOn(db, decided.id, evidenceDigest);
    const ended = waivedUntil !== null && waivedUntil <= new Date();
    const reasons = [
      `Approved on evidence ${evidenceDigest}.`,
      ...waivers.map(
        ({ by, until, reason, ...waiver }) =>
          `The gate ${waivedInWords(waiver)} is waived by ${by} until ${until.slice(0, 10)}: ${reason}`,
      ),
      ...(ended ? ["A waiver that this approval needed has ended: a new release must be decided."] : []),
    ];
    return {
      decision: ended ? "pending" : "approved",
      release: decided.id,
      reasons,
      ...(waivers.length > 0 && { waivers }),
    };
  }
  const open = releases.find(({ state }) => state === "draft" || state === "grading" || state === "ready");
  if (open) {
    const { gates } = await getBrief(actor, open.id);
    const reasons = gates.filter(({ status }) => status !== "met").map(({ detail }) => detail);
    return { decision: "pending", release: open.id, reasons };
  }
  if (decided) {
    const refusals = await db.signOff.findMany({
      where: {
        releaseId: decided.id,
        decision: "refuse",
        evidenceDigest: decided.decision!.evidenceDigest,
        withdrawal: null,
      },
      select: { printedName: true, reason: true },
    });
    const reasons = refusals.map(({ printedName, reason }) => `Refused by ${printedName}: ${reason}`);
    return { decision: "refused", release: decided.id, reasons };
  }
  return { decision: "unknown", reasons: [`No release asked about version ${input.version} of ${input.prompt}.`] };
}
