import Link from "next/link";
import { requireActor } from "@/lib/auth/session";
import { listMovedJudges } from "@/lib/judges/moves";
import { MovedJudges } from "./moved-judges";

/** On the judge's page: the alarm, if there is one, and the way to the comparison. */
export async function MovesLine({ judgeId }: { judgeId: number }) {
  const moved = (await listMovedJudges(await requireActor())).filter((judge) => judge.judgeId === judgeId);
  return (
    <div>
      <MovedJudges judges={moved} />
      <Link
        href={`/judges/${judgeId}/moves`}
        className="inline-flex min-h-6 items-center text-accent underline underline-offset-2"
      >
        Judge moved or product moved? The same answers, judged twice
      </Link>
    </div>
  );
}
