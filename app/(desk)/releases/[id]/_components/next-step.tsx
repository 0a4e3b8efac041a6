import { LinkButton } from "@/components/ui/button";
import { formatCount } from "@/components/ui/format";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Person } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import type { Brief } from "@/lib/releases/brief";
import type { PolicyDocument } from "@/lib/releases/policy";
import { nextStep } from "@/lib/releases/verdict";
import { closeAction, reopenAction, withdrawAction } from "../actions";
import { ConfirmForm } from "./confirm-form";
import { DrawForm } from "./draw-form";
import { MayNotSign, type WhyNot } from "./may-not-sign";

/** `mine`: how many of the cases that wait can be given to whoever looks. */
type Props = { actor: Person; brief: Brief; policy: PolicyDocument; whyNot: WhyNot | null; mine: number };

/** What is missing, and the buttons for it; each only for those who may. */
export function NextStep({ actor, brief, policy, whyNot, mine }: Props) {
  const step = nextStep(brief, policy, whyNot === null);
  const base = `/releases/${brief.id}`;
  const { state } = brief;
  const isOpen = state === "draft" || state === "grading" || state === "ready";
  const draws = may(actor, "release.draw") && (state === "draft" || state === "grading") && brief.sampling.left > 0;
  if (!isOpen) return null;
  const waiting = step.kind === "grade" ? step.waiting : 0;
  const grades = waiting > 0 && may(actor, "review.grade");
  return (
    <section aria-labelledby="next" className="no-print flex flex-col gap-3">
      <h2 id="next" className="text-lg font-semibold">
        What is next
      </h2>
      <p className="max-w-prose">
        <UntrustedText text={step.text} />
        {grades && mine === 0 && " None can be yours: you graded them, or others were given them."}
      </p>
      {/* Until there is something to sign, it concerns only those who would. */}
      {whyNot && (state === "ready" || may(actor, "release.sign")) && <MayNotSign whyNot={whyNot} />}
      {draws && (
        <DrawForm
          key={brief.sampling.drawn}
          releaseId={brief.id}
          left={brief.sampling.left}
          isNext={step.kind === "draw"}
          suggested={step.kind === "draw" ? step.size : Math.min(20, brief.sampling.left)}
        />
      )}
      <div className="flex flex-wrap gap-3">
        {grades && mine > 0 && (
          <LinkButton href={`/review/${brief.id}`} variant="primary">
            Grade
          </LinkButton>
        )}
        {state === "ready" && whyNot === null && (
          <LinkButton href={`${base}/sign-off`} variant="primary">
            Sign off
          </LinkButton>
        )}
        {state === "grading" && may(actor, "release.close") && (
          <ConfirmForm
            action={closeAction}
            releaseId={brief.id}
            label="Close grading"
            variant={step.kind === "close" ? "primary" : "secondary"}
            title="Close the grading?"
            description={`The evidence is frozen under a digest that signatures refer to. ${waiting > 0 ? `${formatCount(waiting)} drawn cases are not graded; they count as missing. ` : ""}Reopening is possible until somebody decides.`}
          />
        )}
        {state === "ready" && may(actor, "release.close") && (
          <ConfirmForm
            action={reopenAction}
            releaseId={brief.id}
            label="Reopen grading"
            asksReason
            title="Reopen the grading?"
            description="More cases can be drawn and graded. Signatures given so far stay in the record and count no more."
          />
        )}
        {may(actor, "release.withdraw") && (
          <ConfirmForm
            action={withdrawAction}
            releaseId={brief.id}
            label="Withdraw"
            variant="danger"
            asksReason
            title="Withdraw this release?"
            description="It ends without a decision and stays in the record. The same question can be asked again as a new release."
          />
        )}
      </div>
    </section>
  );
}
