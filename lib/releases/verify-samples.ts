import type { Sql } from "../db/transaction";
import { sha256Hex } from "../digest";
import { type DrawnStratum, loadStrata, redraw } from "./draw";
import { type Design, designs } from "./schema";

export type SampleProblem = { release: number; batch: number; what: string };
export type SampleVerification = { ok: boolean; batches: number; problems: SampleProblem[] };

type Batch = { releaseId: number; number: number; seed: string; design: string; strata: string; cases: number[] };
type Event = { subject: string; leaf: Buffer };

/**
 * Draws every batch of every release again, from its seed and the cases as they are, and compares: the cases, their order,
 * and the seed and strata with what the audit log recorded when they were drawn.
 */
export async function verifySamples(reader: Sql): Promise<SampleVerification> {
  const batches = await reader.$queryRaw<Batch[]>`
    SELECT b.release_id AS "releaseId", b.number, b.seed, b.design, b.strata,
           ARRAY(SELECT d.case_id FROM draw d WHERE d.release_id = b.release_id AND d.batch = b.number ORDER BY d.position) AS cases
      FROM sample_batch b ORDER BY b.release_id, b.number`;
  const events = await reader.$queryRaw<Event[]>`
    SELECT subject, leaf FROM audit_entry WHERE action = 'release.drawn' ORDER BY "index"`;
  const recorded = new Map(
    events.map(({ leaf }) => {
      const { subject, details } = JSON.parse(Buffer.from(leaf).toString("utf8")) as {
        subject: { id: string };
        details: { batch: number; seed: string; strata: string };
      };
      return [`${subject.id} ${details.batch}`, details] as const;
    }),
  );
  const problems: SampleProblem[] = [];
  for (const { releaseId, number, seed, design, strata, cases } of batches) {
    const say = (what: string) => problems.push({ release: releaseId, batch: number, what });
    const event = recorded.get(`${releaseId} ${number}`);
    if (!event) say("the audit log has no drawing of it");
    else if (event.seed !== seed || event.strata !== sha256Hex(strata))
      say("its seed or strata are not those that the audit log recorded");
    if (!designs.includes(design as Design)) {
      say(`its design “${design}” is unknown`);
      continue;
    }
    const again = redraw(
      await loadStrata(reader, releaseId, number),
      JSON.parse(strata) as DrawnStratum[],
      seed,
      design as Design,
    );
    if (again.length !== cases.length) {
      say(`it holds ${cases.length} cases; its seed draws ${again.length}`);
      continue;
    }
    const at = again.findIndex((id, i) => id !== cases[i]);
    if (at >= 0) say(`its seed draws another case in place ${at + 1} of ${cases.length}`);
  }
  return { ok: problems.length === 0, batches: batches.length, problems };
}
