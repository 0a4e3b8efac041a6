import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import type { GradePending, Pending } from "../../_kept/outbox";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  pending: readonly Pending[];
  offline: boolean;
  onSendAgain: (pending: Pending) => void;
  onLetGo: (pending: Pending) => void;
};

const kinds = { grade: "Grade", correction: "Correction", skip: "Left for later", attribution: "Reason" };

/** What is in this browser and not at the server, with what was refused and why. */
export function Undelivered({ open, onOpenChange, pending, offline, onSendAgain, onLetGo }: Props) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Not delivered yet"
      description={
        pending.length === 0
          ? "Everything is stored."
          : offline
            ? "There is no connection. This is kept in this browser, also when it is closed, and delivered once it is back."
            : "Kept in this browser until the server has it."
      }
    >
      {pending.length > 0 && (
        <ul aria-label="Not delivered yet" className="flex flex-col divide-y divide-line">
          {pending.map((one) => (
            <li key={one.clientKey} className="flex flex-col gap-1 py-2">
              <p className="flex flex-wrap items-baseline gap-x-3">
                <span className="font-medium break-all">
                  {kinds[one.kind]}, case <UntrustedText text={one.case} />
                </span>
                <span className="text-sm text-muted">
                  <RelativeTime date={new Date(one.at)} />
                </span>
              </p>
              {"grades" in one && <Grades pending={one} />}
              {one.kind === "attribution" && (
                <p className="text-sm text-muted [overflow-wrap:anywhere]">
                  <UntrustedText text={one.says} />
                </p>
              )}
              {one.refused && (
                <>
                  <p className="text-worse">
                    Not stored: <UntrustedText text={one.refused.message} />
                  </p>
                  <p className="text-sm text-muted">
                    It stays here until you let it go. Trying again helps when the reason has passed, such as a release
                    that takes grades again.
                  </p>
                  <div className="flex flex-wrap gap-2">
                    <Button size="sm" onClick={() => onSendAgain(one)}>
                      Try again
                    </Button>
                    <Button size="sm" variant="danger" onClick={() => onLetGo(one)}>
                      Let it go
                    </Button>
                  </div>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function Grades({ pending }: { pending: GradePending }) {
  return (
    <ul className="text-sm text-muted">
      {pending.grades.map(({ side, criterion, verdict, prefer, note, tags }) => (
        <li key={`${side} ${criterion}`} className="break-words">
          {side && `${side}, `}
          <UntrustedText text={criterion} />:{" "}
          {verdict ?? (prefer === "A" || prefer === "B" ? `prefers ${prefer}` : prefer)}
          {tags && tags.length > 0 && <UntrustedText text={`; ${tags.join(", ")}`} />}
          {note && (
            <>
              ; “<UntrustedText text={note} />”
            </>
          )}
        </li>
      ))}
      {(pending.comments ?? []).map(({ side, quote, comment }, index) => (
        <li key={index} className="break-words">
          {side}, “<UntrustedText text={quote} />
          ”: <UntrustedText text={comment} />
        </li>
      ))}
    </ul>
  );
}
