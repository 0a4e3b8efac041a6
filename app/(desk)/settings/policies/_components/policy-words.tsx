import { UntrustedText } from "@/components/ui/untrusted-text";
import type { PolicyDocument } from "@/lib/releases/policy-document";
import { policyInWords } from "@/lib/releases/policy-words";

/** What a policy asks for, in words. */
export function PolicyWords({ policy }: { policy: PolicyDocument }) {
  return (
    <div className="flex flex-col gap-5">
      {policyInWords(policy).map(({ title, fields }) => (
        <section key={title} aria-label={title}>
          <h3 className="mb-1 font-semibold">{title}</h3>
          <dl className="border-b border-line">
            {fields.map(({ path, label, text }) => (
              <div key={path} className="grid gap-x-4 border-t border-line py-1.5 sm:grid-cols-[18rem_minmax(0,1fr)]">
                <dt className="text-muted [overflow-wrap:anywhere]">
                  <UntrustedText text={label} />
                </dt>
                <dd className="tabular-nums [overflow-wrap:anywhere]">
                  <UntrustedText text={text} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
