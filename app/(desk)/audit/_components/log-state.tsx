import type { ReactNode } from "react";
import { formatCount, plural } from "@/components/ui/format";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import type { LogState } from "@/lib/audit/queries";

/** How the log is protected, in words; nothing here is recomputed. */
export function LogStateFacts({ state }: { state: LogState }) {
  const { size, checkpoint, outside, separateRoles } = state;
  const behind = outside ? size - outside.size : size;
  return (
    <dl className="grid max-w-4xl gap-x-6 gap-y-2 sm:grid-cols-[12rem_1fr]">
      <Fact name="Entries">{formatCount(size)}</Fact>
      <Fact name="Last checkpoint">
        {checkpoint ? (
          <>
            over {plural(checkpoint.size, "entry", "entries")}, <RelativeTime date={checkpoint.at} />
          </>
        ) : (
          "none yet: one follows within seconds of the first event"
        )}
      </Fact>
      <Fact name="Held outside">
        {outside && outside.count > 0 ? (
          <>
            {plural(outside.count, "checkpoint")} in a file the database cannot reach
            {behind > 0 && `; the last ${plural(behind, "entry", "entries")} not covered yet`}
          </>
        ) : (
          <Doubt>no checkpoint: whoever rules the database could rewrite the log without a trace</Doubt>
        )}
      </Fact>
      {state.holders.map(({ holder, size: held, deliveredAt, problem }) => (
        <Fact key={holder} name="Held by">
          <span className="[overflow-wrap:anywhere]">
            <UntrustedText text={holder} />
          </span>
          : up to {plural(held, "entry", "entries")}
          {deliveredAt && (
            <>
              , <RelativeTime date={deliveredAt} />
            </>
          )}
          {problem !== null && (
            <>
              {" "}
              <Doubt>
                the last attempt failed: <UntrustedText text={problem} />
              </Doubt>
            </>
          )}
        </Fact>
      ))}
      <Fact name="Database roles">
        {separateRoles ? (
          "separate: the application may add entries, and can't change or remove any"
        ) : (
          <Doubt>one role for everything: only triggers and checkpoints protect the log</Doubt>
        )}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 tabular-nums">{children}</dd>
    </>
  );
}

function Doubt({ children }: { children: ReactNode }) {
  return (
    <span className="text-unsure">
      <span aria-hidden="true">◐ </span>
      {children}
    </span>
  );
}
