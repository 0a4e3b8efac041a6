import type { Metadata } from "next";
import Link from "next/link";
import { orNotFound } from "@/app/_or-not-found";
import { ContentDiffView } from "@/components/diff/content-diff";
import { Badge } from "@/components/ui/badge";
import { LinkButton } from "@/components/ui/button";
import { Digest } from "@/components/ui/digest";
import { spelled } from "@/components/ui/invisible";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Untrusted } from "@/components/ui/untrusted";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Person } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { diffVersions } from "@/lib/prompts/diff/versions";
import { type LabelHistory, labelHistory } from "@/lib/prompts/label-history";
import { compareVersions } from "@/lib/prompts/queries";
import { LabelBadge } from "../../../_components/label-badge";
import { Standing } from "../../../_components/standing";
import { labelHref, promptHref, versionHref } from "../../../_links";
import { first, readPart } from "../../../_params";
import { LabelSteps } from "./_components/label-steps";
import { Protection } from "./_components/protection";
import { RollBackForm } from "./_components/roll-back-form";

type Query = { back?: string | string[]; before?: string | string[] };
type Props = { params: Promise<{ name: string; label: string }>; searchParams: Promise<Query> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name, label } = await params;
  return { title: spelled(`${readPart(label)} · ${readPart(name)}`) };
}

export default async function LabelPage({ params, searchParams }: Props) {
  const actor = await requireActor();
  const given = await params;
  const [prompt, name] = [readPart(given.name), readPart(given.label)];
  const query = await searchParams;
  const before = /^[1-9]\d{0,8}$/.test(first(query.before) ?? "") ? Number(first(query.before)) : undefined;
  const history = await orNotFound(labelHistory(actor, prompt, name, { before }));
  const moves = may(actor, "label.move");
  const back = moves ? history.back.find(({ version }) => version === first(query.back)) : undefined;
  return (
    <>
      <PageHead
        trail={[
          { href: "/prompts", label: "Prompts" },
          { href: promptHref(prompt), label: prompt },
        ]}
        title={
          <span className="flex flex-wrap items-center gap-x-3">
            <LabelBadge name={name} isProtected={history.protected} isBroken={history.standing === "break_glass"} />
            <span className="sr-only">points to</span>
            <span aria-hidden="true">→</span>
            <UntrustedText text={history.version} />
          </span>
        }
        facts={
          <>
            since <RelativeTime date={history.movedAt} />, by <UntrustedText text={history.movedBy} />
          </>
        }
      />
      <div className="flex flex-col gap-8">
        <Served prompt={prompt} history={history} />
        {history.back.length > 0 && moves && <Back prompt={prompt} history={history} chosen={back?.version} />}
        {back && <RollBack actor={actor} prompt={prompt} history={history} back={back} />}
        <section aria-labelledby="history" className="flex flex-col gap-3">
          <h2 id="history" className="text-lg font-semibold">
            History
          </h2>
          <LabelSteps prompt={prompt} steps={history.steps} />
          <div className="flex flex-wrap gap-3">
            {before && (
              <LinkButton size="sm" href={labelHref(prompt, name)}>
                Newest moves
              </LinkButton>
            )}
            {history.next !== null && (
              <LinkButton size="sm" href={`${labelHref(prompt, name)}?before=${history.next}`}>
                Older moves
              </LinkButton>
            )}
            {may(actor, "audit.read") && (
              <Link
                href={`/audit?subject=${encodeURIComponent(`label:${prompt}/${name}`)}`}
                className="inline-flex min-h-8 items-center text-accent underline underline-offset-2"
              >
                In the audit log
              </Link>
            )}
          </div>
        </section>
        <Protection prompt={prompt} history={history} administers={may(actor, "label.protect")} userId={actor.userId} />
      </div>
    </>
  );
}

/** What a program is given that asks for the label. */
function Served({ prompt, history }: { prompt: string; history: LabelHistory }) {
  const { version, digest, standing, everProtected, reason } = history;
  const address = `/api/v1/prompts/${encodeURIComponent(prompt)}/labels/${encodeURIComponent(history.name)}`;
  return (
    <section aria-labelledby="served" className="flex max-w-4xl flex-col gap-3">
      <h2 id="served" className="text-lg font-semibold">
        What programs get
      </h2>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Link
          href={versionHref(prompt, version)}
          className="inline-flex min-h-6 items-center font-medium text-accent underline underline-offset-2"
        >
          <UntrustedText text={version} />
        </Link>
        <Standing {...history} />
        {!history.protected && everProtected && <Badge tone="worse">protected no more</Badge>}
        <Digest value={digest} copy />
      </p>
      {reason && <Untrusted compact text={reason} />}
      {standing === "break_glass" && (
        <Notice tone="danger" title="Nobody approved what is served">
          It was let out at a break-glass. Programs are told so with each answer.
        </Notice>
      )}
      {everProtected && standing === "unapproved" && (
        <Notice tone="danger" title="Programs get nothing">
          The label was protected once, and no release approved this version. A program gets it only when it asks with{" "}
          <code className="font-mono">accept=unapproved</code>.
        </Notice>
      )}
      <p className="text-sm text-muted">
        <code className="font-mono break-all">GET {address}</code>, with an ETag: nothing is sent again while nothing
        moved.
      </p>
    </section>
  );
}

function Back({ prompt, history, chosen }: { prompt: string; history: LabelHistory; chosen: string | undefined }) {
  return (
    <section aria-labelledby="back" className="flex flex-col gap-2">
      <h2 id="back" className="text-lg font-semibold">
        Roll back
      </h2>
      <ul className="flex max-w-4xl flex-col gap-2">
        {history.back.map(({ version, standing, release, until }) => (
          <li key={version} className="flex flex-wrap items-center gap-x-3 gap-y-1 [overflow-wrap:anywhere]">
            <LinkButton
              size="sm"
              href={`${labelHref(prompt, history.name)}?back=${encodeURIComponent(version)}#roll-back`}
              aria-current={version === chosen ? "true" : undefined}
            >
              <UntrustedText text={`Roll back to ${version}`} />
            </LinkButton>
            <Standing standing={standing} release={release} decision={null} waivedUntil={null} />
            <span className="text-sm text-muted">
              served until <RelativeTime date={until} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

type RollBackProps = { actor: Person; prompt: string; history: LabelHistory; back: LabelHistory["back"][number] };

/** What would be served instead, word by word, before it is. */
async function RollBack({ actor, prompt, history, back }: RollBackProps) {
  const { before, after } = await compareVersions(actor, prompt, history.version, back.version);
  const diff = diffVersions(before, after);
  return (
    <section
      id="roll-back"
      aria-labelledby="roll-back-title"
      className="flex scroll-mt-4 flex-col gap-4 rounded-md border border-line-strong p-4"
    >
      <h2 id="roll-back-title" className="text-lg font-semibold [overflow-wrap:anywhere]">
        <UntrustedText text={`${history.name}: ${history.version} → ${back.version}`} />
      </h2>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span>Programs then get</span>
        <strong className="font-semibold">
          <UntrustedText text={back.version} />
        </strong>
        <Standing standing={back.standing} release={back.release} decision={null} waivedUntil={null} />
        <Digest value={back.digest} />
      </p>
      <RollBackForm prompt={prompt} label={history.name} version={back.version} expected={history.digest} />
      {diff ? (
        <ContentDiffView
          diff={diff}
          view="words"
          marks={() => undefined}
          names={{ before: history.version, after: back.version }}
        />
      ) : (
        <Notice tone="warning">The text of one of the two versions is unknown, so they can't be compared here.</Notice>
      )}
    </section>
  );
}
