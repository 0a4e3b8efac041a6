import Link from "next/link";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listMovedJudges } from "@/lib/judges/moves";
import { AcknowledgeForm } from "./acknowledge-form";
import { MovedJudges } from "./moved-judges";

/** On the judge's page: the alarm, if there is one, and the way to the comparison. */
export async function MovesLine({ judgeId }: { judgeId: number }) {
  const actor = await requireActor();
  const moved = (await listMovedJudges(actor)).filter((judge) => judge.judgeId === judgeId);
  const open = moved.find(({ acknowledged }) => !acknowledged);
  return (
    <div>
      <MovedJudges judges={moved} />
      {open && may(actor, "alarm.acknowledge") && <AcknowledgeForm judgeId={judgeId} version={open.version} />}
      <Link
        href={`/judges/${judgeId}/moves`}
        className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
      >
        Judge moved or product moved? The same answers, judged twice
      </Link>
    </div>
  );
}
