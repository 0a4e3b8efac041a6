import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { appendAudit } from "../audit/append";
import { type Person, type Role, systemActor } from "../auth/actor";
import { hashPassword } from "../auth/password";
import { db } from "../db/client";
import { transaction } from "../db/transaction";
import { closeGrading, createRelease, drawSample } from "../releases/commands";
import { ensurePolicies } from "../releases/policy";
import { Reauthentication } from "../releases/reauthenticate";
import { meanings } from "../releases/schema";
import { signOff } from "../releases/sign-off";
import { attributeHunks } from "../review/attribution";
import { submitReviews } from "../review/commands";
import { attributable } from "../review/ledger";
import { nextTask } from "../review/queries";
import { startImport } from "../runs/commands";
import { runNextImport } from "../runs/load";

/** The demo project: invented data (prisma/demo), brought in and decided through the same operations as real data. */

const folder = path.join(fileURLToPath(new URL(".", import.meta.url)), "../../prisma/demo");
const prompt = "support/answers";
const criteria = ["grounded", "tone"];
const judges = { grounded: "llm-grounded", tone: "llm-tone" };

const people: { email: string; name: string; roles: Role[] }[] = [
  { email: "vera@demo.example", name: "Vera Lind", roles: ["viewer"] },
  { email: "ravi@demo.example", name: "Ravi Menon", roles: ["reviewer"] },
  { email: "rosa@demo.example", name: "Rosa Field", roles: ["reviewer"] },
  { email: "mila@demo.example", name: "Mila Brandt", roles: ["release_manager"] },
  // The policy `strict` asks for two signatures.
  { email: "noor@demo.example", name: "Noor Haddad", roles: ["release_manager"] },
  { email: "aki@demo.example", name: "Aki Salo", roles: ["auditor"] },
  { email: "ada@demo.example", name: "Ada Moreau", roles: ["administrator"] },
];

type Label = {
  case: string;
  version: string;
  criterion: string;
  verdict: "pass" | "fail" | "unsure";
  note?: string;
  tags?: string[];
};

/** Loads the demo project into an empty database. Takes a few seconds. */
export async function loadDemo(): Promise<{ people: typeof people }> {
  const project = await transaction(async (tx) => {
    const created = await tx.project.create({ data: { key: "demo", name: "Tandem & Fork", isDemo: true } });
    await ensurePolicies(tx, created.id);
    return created;
  });
  const [ravi, rosa, mila, ada] = await seatPeople(project.id);
  await startImport({ actor: ada, input: { format: "bundle", fileName: "support-demo.tar.gz" }, body: packBundle() });
  await runNextImport();
  const failed = await db.import.findFirst({ where: { projectId: project.id, state: { not: "done" } } });
  if (failed) throw new Error(`The demo data was not imported: ${JSON.stringify(failed.error)}`);

  const labels = await readLabels();
  const open = async (baseline: string, candidate: string, size: number) => {
    const { id } = await createRelease({ actor: mila, input: { prompt, baseline, candidate, criteria, judges } });
    await drawSample({ actor: mila, input: { releaseId: id, size, seed: `demo ${baseline} ${candidate}` } });
    return id;
  };
  const approved = await open("v1", "v2", 84);
  await grade(approved, [ravi, rosa], labels);
  await sign(
    mila,
    approved,
    "approve",
    "Clearly better on both questions, every must-pass case holds, and the judge agrees with us.",
  );
  const refused = await open("v2", "v3", 60);
  await grade(refused, [rosa, ravi], labels);
  await sign(mila, refused, "refuse", "It invents fees in refunds and warranty, and the judge does not notice.");
  const waiting = await open("v2", "v4", 48);
  await grade(waiting, [ravi], labels, 16);
  await transaction((tx) =>
    appendAudit(tx, systemActor(project.id), {
      action: "demo.loaded",
      subject: { kind: "project", id: String(project.id), name: project.key },
    }),
  );
  return { people };
}

async function seatPeople(projectId: number): Promise<[ravi: Person, rosa: Person, mila: Person, ada: Person]> {
  const seated: Person[] = [];
  for (const { email, name, roles } of people) {
    const user = await transaction(async (tx) => {
      const created = await tx.user.create({ data: { email, name } });
      await tx.membership.create({ data: { projectId, userId: created.id, roles } });
      await appendAudit(tx, systemActor(projectId), {
        action: "member.added",
        subject: { kind: "user", id: String(created.id), name: email },
        details: { roles },
      });
      return created;
    });
    seated.push({ kind: "person", userId: user.id, name, email, projectId, roles, requestId: crypto.randomUUID() });
  }
  const [, ravi, rosa, mila, , , ada] = seated;
  return [ravi!, rosa!, mila!, ada!];
}

function packBundle(): Readable {
  const archive = pack();
  const fill = async () => {
    for (const name of ["bundle.json", "cases.jsonl", "outputs.jsonl", "verdicts.jsonl"]) {
      archive.entry({ name }, await readFile(path.join(folder, "support", name)));
    }
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  return archive.pipe(createGzip());
}

const placeOf = (version: string, criterion: string, caseKey: string) => `${version} ${criterion} ${caseKey}`;

async function readLabels(): Promise<Map<string, Label>> {
  const labels = new Map<string, Label>();
  let text = "";
  for await (const chunk of createReadStream(path.join(folder, "people.jsonl"), "utf8")) text += chunk;
  for (const line of text.split("\n").filter(Boolean)) {
    const label = JSON.parse(line) as Label;
    labels.set(placeOf(label.version, label.criterion, label.case), label);
  }
  return labels;
}

/** The reviewers take turns at the queue until it is empty, or `most` cases are graded. */
async function grade(
  releaseId: number,
  reviewers: Person[],
  labels: Map<string, Label>,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  const release = await db.release.findUniqueOrThrow({
    where: { id: releaseId },
    include: { baseline: true, candidate: true },
  });
  for (let done = 0; done < most; ) {
    const actor = reviewers[done % reviewers.length]!;
    const task = await nextTask(actor, releaseId);
    if (!task) return;
    // Some of what comes up is a check on grading: graded like any other, and counted apart.
    const check = await db.reviewCheck.findUnique({ where: { id: task.task } });
    const { swapped } =
      check ?? (await db.draw.findFirstOrThrow({ where: { releaseId, ...(await caseOf(task.task)) } }));
    const grades = (["A", "B"] as const).flatMap((side) =>
      task.criteria.map(({ key }) => {
        const version = (side === "A") === swapped ? release.candidate.key : release.baseline.key;
        const label = labels.get(placeOf(version, key, task.case));
        if (!label) throw new Error(`No demo label for ${version} ${key} ${task.case}`);
        const { verdict, note, tags } = label;
        return { side, criterion: key, verdict, ...(note ? { note } : {}), ...(tags ? { tags } : {}) };
      }),
    );
    const tookMs = 6000 + ((done * 2741) % 17_000);
    await submitReviews({
      actor,
      input: { releaseId, task: task.task, grades, clientKey: `demo-${task.task}`, tookMs },
    });
    if (check) continue;
    done++;
    // Now and then nobody says why.
    if (done % 4 !== 0) await nameReasons(actor, releaseId, task.case, grades);
  }
}

/** Which hunk explains what a note says; where none does, no hunk is the reason. */
const reasons: [note: RegExp, hunk: RegExp][] = [
  [/^invents/, /mention fees/],
  [/leaves the question open|lectures|buries/, /first sentence|one or two sentences|headings/],
  [/curt|skips/, /one or two sentences|^maxTokens/],
];

type Graded = { criterion: string; note?: string };

async function nameReasons(actor: Person, releaseId: number, key: string, grades: readonly Graded[]): Promise<void> {
  const { flips, hunks } = (await attributable(actor, releaseId, key))!;
  for (const { criterion } of flips) {
    const note = grades.find((grade) => grade.criterion === criterion && grade.note)?.note ?? "";
    const explains = reasons.find(([said]) => said.test(note))?.[1];
    const chosen = hunks.filter(({ where, after }) => explains?.test(`${where} ${after}`)).map(({ id }) => id);
    await attributeHunks({ actor, input: { releaseId, case: key, criterion, hunks: chosen } });
  }
}

const caseOf = (task: string) => db.reviewTask.findUniqueOrThrow({ where: { id: task }, select: { caseId: true } });

/** Closes the grading and signs. The password lives as long as this call: the demo person has none afterwards. */
async function sign(actor: Person, releaseId: number, decision: "approve" | "refuse", reason: string): Promise<void> {
  const { evidenceDigest } = await closeGrading({ actor, input: { releaseId } });
  const password = randomBytes(24).toString("base64url");
  await db.user.update({ where: { id: actor.userId }, data: { passwordHash: await hashPassword(password) } });
  try {
    const reauthentication = await Reauthentication.byPassword(actor, password);
    const meaning = meanings[decision][0];
    await signOff({ actor, input: { releaseId, evidenceDigest, decision, meaning, reason, reauthentication } });
  } finally {
    await db.user.update({ where: { id: actor.userId }, data: { passwordHash: null } });
  }
}
