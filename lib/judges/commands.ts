import { z } from "zod";
import { appendAudit } from "../audit/append";
import { type Actor, actorName } from "../auth/actor";
import { permit } from "../auth/permit";
import { transaction, violates } from "../db/transaction";
import { Fault } from "../errors";
import { listJudgings, watch } from "../runs/rejudging";
import { findJudge } from "./moves";

export const acknowledgeAlarmSchema = z.strictObject({
  version: z.coerce.number().int().min(1).max(2_147_483_647),
  reason: z.string().trim().min(1, "Say what follows from it.").max(1000),
});
export type AcknowledgeAlarm = z.infer<typeof acknowledgeAlarmSchema>;

/** Somebody has seen that a judge version moved, and says what follows. The alarm stays; it stops asking for attention. */
export async function acknowledgeAlarm({
  actor,
  judgeId,
  input,
}: {
  actor: Actor;
  judgeId: number;
  input: AcknowledgeAlarm;
}): Promise<void> {
  permit(actor, "alarm.acknowledge");
  const { version, reason } = acknowledgeAlarmSchema.parse(input);
  const judge = await findJudge(actor, judgeId);
  try {
    await transaction(async (tx) => {
      const found = await tx.judgeVersion.findFirst({
        where: { judgeId: judge.id, number: version },
        select: { id: true },
      });
      if (!found) throw new Fault("invalid", `The judge has no version ${version}.`, { field: "version" });
      const { alarm } = watch(await listJudgings(tx, [found.id]));
      if (!alarm) throw new Fault("conflict", `There is no alarm for version ${version}.`, { field: "version" });
      await tx.alarmAcknowledgement.create({
        data: { judgeVersionId: found.id, reason, acknowledgedBy: actorName(actor) },
      });
      await appendAudit(tx, actor, {
        action: "judge.alarm_acknowledged",
        subject: { kind: "judge", id: `${judge.key}#${version}`, name: judge.key },
        details: { judgeVersionId: found.id, cause: alarm.cause, reason },
      });
    });
  } catch (error) {
    if (!violates(error)) throw error;
    throw new Fault("conflict", "Somebody has acknowledged this alarm already.", { field: "version" });
  }
}
