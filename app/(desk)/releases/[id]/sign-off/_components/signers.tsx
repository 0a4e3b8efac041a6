import { Badge } from "@/components/ui/badge";
import { Notice } from "@/components/ui/notice";
import { UntrustedText } from "@/components/ui/untrusted";
import type { PolicyDocument } from "@/lib/releases/policy-document";
import type { SignOffRow } from "@/lib/releases/queries";
import type { Signer } from "@/lib/releases/signers";

const words = { approve: "approved", refuse: "refused", abstain: "abstained" } as const;

type Props = { signers: Signer[]; current: SignOffRow[]; policy: PolicyDocument };

/** Every release manager: who may sign, who has, and who may not and why. */
export function Signers({ signers, current, policy }: Props) {
  const entitled = signers.filter(({ against }) => against.length === 0);
  const short = policy.signerGroups
    .map((group) => ({
      ...group,
      there: entitled.filter(({ email }) => group.people.includes(email.toLowerCase())).length,
    }))
    .filter(({ there, signatures }) => there < signatures);
  const lacking = [
    ...(entitled.length < policy.signers ? [`${policy.signers} must sign, and ${entitled.length} may`] : []),
    ...short.map(({ name, signatures, there }) => `${signatures} of ${name} must sign, and ${there} may`),
  ];
  return (
    <section aria-labelledby="signers" className="flex flex-col gap-2">
      <h2 id="signers" className="text-lg font-semibold">
        Who may sign
      </h2>
      {lacking.length > 0 && (
        <Notice tone="warning" title="Nobody can approve this release as things are">
          {lacking.join("; ")}.
        </Notice>
      )}
      {signers.length === 0 && <p className="text-muted">Nobody in this project is release manager.</p>}
      <ul className="max-w-4xl">
        {signers.map(({ userId, name, email, against, groups }) => {
          const given = current.find((row) => row.userId === userId);
          return (
            <li
              key={userId}
              className="grid gap-x-4 gap-y-1 border-t border-line py-2 sm:grid-cols-[16rem_minmax(0,1fr)] sm:items-baseline"
            >
              <span className="min-w-0 [overflow-wrap:anywhere]">
                <span className="font-medium">
                  <UntrustedText text={name} />
                </span>{" "}
                <span className="text-sm text-muted">
                  <UntrustedText text={email} />
                </span>
              </span>
              <span className="flex min-w-0 flex-wrap items-baseline gap-x-2 gap-y-1 [overflow-wrap:anywhere]">
                {against.length > 0 ? (
                  <>
                    <Badge tone="unsure">✕ may not sign</Badge>
                    <span>
                      <UntrustedText text={against.join("; ")} />
                    </span>
                  </>
                ) : given ? (
                  <Badge tone="human">{words[given.decision]}</Badge>
                ) : (
                  <Badge tone="neutral">may sign</Badge>
                )}
                {groups.map((group) => (
                  <Badge key={group} tone="accent">
                    <UntrustedText text={group} />
                  </Badge>
                ))}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
