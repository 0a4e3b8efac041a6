import type { ReactNode } from "react";
import { LinkButton } from "@/components/ui/button";
import { LinkTabs } from "@/components/ui/link-tabs";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { UntrustedText } from "@/components/ui/untrusted";
import { may } from "@/lib/auth/permit";
import { listBreakGlass } from "@/lib/releases/break-glass";
import { BrokenGlassNotice } from "../../prompts/_components/broken-glass";
import { StateBadge } from "../_components/state-badge";
import { TabsOpened } from "./_components/opened";
import { loadRelease, loadWhyNot } from "./_release";
import { releaseTabs } from "./_tabs";

type Props = { children: ReactNode; params: Promise<{ id: string }> };

export default async function ReleaseLayout({ children, params }: Props) {
  const { id } = await params;
  const { actor, release } = await loadRelease(id);
  const broken = await listBreakGlass(actor, { prompt: release.prompt, version: release.candidate });
  const base = `/releases/${release.id}`;
  const reads = release.state === "ready" && may(actor, "release.sign");
  const signs = reads && (await loadWhyNot(id)) === null;
  return (
    <>
      <PageHead
        trail={[{ href: "/releases", label: "Releases" }]}
        title={
          <>
            <span className="text-muted">
              <UntrustedText text={release.prompt} />
            </span>{" "}
            <UntrustedText text={`${release.baseline} → ${release.candidate}`} />
          </>
        }
        facts={
          <span className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
            <StateBadge state={release.state} />
            {release.message && (
              <span className="min-w-0 break-words text-ink">
                “<UntrustedText text={release.message} />”
              </span>
            )}
            <span>
              on <UntrustedText text={release.dataset} />
            </span>
            <span>
              policy <UntrustedText text={release.policy} /> {release.policyNumber}
            </span>
            {release.label && release.state !== "refused" && release.state !== "withdrawn" && (
              <span>
                {release.state === "approved" ? "moved" : "moves"}{" "}
                <strong className="font-medium text-ink">
                  <UntrustedText text={release.label} />
                </strong>
                {release.state !== "approved" && " when approved"}
              </span>
            )}
            <span>
              opened <RelativeTime date={release.createdAt} />
              {release.decidedAt && (
                <>
                  , {release.state} <RelativeTime date={release.decidedAt} />
                </>
              )}
            </span>
          </span>
        }
        action={
          signs ? (
            <LinkButton href={`${base}/sign-off`} variant="primary">
              Sign off
            </LinkButton>
          ) : (
            release.decision && (
              <LinkButton href={`/audit/decisions/${release.decision.id}`}>Decision record</LinkButton>
            )
          )
        }
      />
      <BrokenGlassNotice rows={broken} className="mb-4" />
      <LinkTabs label="Release" tabs={releaseTabs(release.id)} />
      {reads && release.evidenceDigest && <TabsOpened releaseId={release.id} evidenceDigest={release.evidenceDigest} />}
      <div className="pt-6">{children}</div>
    </>
  );
}
