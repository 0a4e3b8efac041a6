import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";
import { subjectHref } from "@/app/_subject-href";
import { Check } from "@/app/(desk)/audit/_components/check";
import { CopyButton } from "@/components/ui/copy-button";
import { Digest } from "@/components/ui/digest";
import { EmptyState } from "@/components/ui/empty-state";
import { formatCount, plural } from "@/components/ui/format";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { RelativeTime } from "@/components/ui/relative-time";
import { Untrusted, UntrustedText } from "@/components/ui/untrusted";
import { actionLabel } from "@/lib/audit/events";
import { type EntryDetail, getEntry, type Vouched } from "@/lib/audit/queries";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { Fault } from "@/lib/errors";
import { detailName, detailText } from "../../_components/say";

type Props = { params: Promise<{ index: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Entry ${(await params).index}` };
}

export default async function EntryPage({ params }: Props) {
  const actor = await requireActor();
  const { index } = await params;
  if (!/^(0|[1-9]\d{0,8})$/.test(index)) notFound();
  const trail = [{ href: "/audit", label: "Audit" }];
  if (!may(actor, "audit.read"))
    return (
      <>
        <PageHead trail={trail} title={`Entry ${index}`} />
        <EmptyState title="The audit log is for auditors, administrators and release managers" />
      </>
    );
  const entry = await getEntry(actor, Number(index)).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "not_found") notFound();
    throw error;
  });
  return (
    <>
      <PageHead
        trail={trail}
        title={
          <>
            Entry {formatCount(entry.index)}: <UntrustedText text={actionLabel(entry.action)} />
          </>
        }
        facts={
          entry.event && (
            <>
              <RelativeTime date={entry.event.at} />, by <UntrustedText text={entry.event.actor.name} />
            </>
          )
        }
        action={
          <nav aria-label="Entries beside" className="flex gap-3">
            {entry.previous !== null && <Beside index={entry.previous}>← {entry.previous}</Beside>}
            {entry.next !== null && <Beside index={entry.next}>{entry.next} →</Beside>}
          </nav>
        }
      />
      <div className="flex flex-col gap-8">
        <What entry={entry} />
        <Intact entry={entry} />
        <Leaf entry={entry} />
      </div>
    </>
  );
}

function Beside({ index, children }: { index: number; children: ReactNode }) {
  return (
    <Link
      href={`/audit/entries/${index}`}
      aria-label={`Entry ${index}`}
      className="inline-flex min-h-9 items-center text-accent tabular-nums underline underline-offset-2"
    >
      {children}
    </Link>
  );
}

function What({ entry: { event, action, subject } }: { entry: EntryDetail }) {
  if (!event)
    return (
      <Notice tone="danger" title="The stored bytes are no event">
        What stands beside them says “<UntrustedText text={subject} />
        ”. Verify the log.
      </Notice>
    );
  const { actor } = event;
  const href = subjectHref(event);
  const about = <UntrustedText text={subject} />;
  return (
    <section aria-labelledby="what" className="flex flex-col gap-3">
      <h2 id="what" className="text-lg font-semibold">
        What it says
      </h2>
      <dl className="grid max-w-4xl gap-x-6 gap-y-2 [overflow-wrap:anywhere] sm:grid-cols-[12rem_minmax(0,1fr)]">
        <Row name="When">
          <span className="tabular-nums">{event.at.replace("T", " ").replace("Z", " UTC")}</span>
        </Row>
        <Row name="Who">
          <UntrustedText text={actor.name} />
          {actor.email && actor.email !== actor.name && (
            <>
              {" "}
              <UntrustedText text={`<${actor.email}>`} />
            </>
          )}
          <span className="text-muted">
            {actor.kind === "token" ? ", with a token" : actor.kind === "system" ? ", the server itself" : ""}
            {actor.kind !== "system" && actor.roles.length > 0 && `, as ${actor.roles.join(", ").replaceAll("_", " ")}`}
          </span>
        </Row>
        <Row name="About">
          {href ? (
            <Link href={href} className="text-accent underline underline-offset-2">
              {about}
            </Link>
          ) : (
            about
          )}{" "}
          <Link
            href={`/audit?subject=${encodeURIComponent(`${event.subject.kind}:${event.subject.id}`)}`}
            className="ml-2 inline-flex min-h-6 items-center text-sm text-accent underline underline-offset-2"
          >
            all events about it
          </Link>
        </Row>
        {event.before && (
          <Row name="Digest before">
            <Digest value={event.before} copy />
          </Row>
        )}
        {event.after && (
          <Row name="Digest after">
            <Digest value={event.after} copy />
          </Row>
        )}
        {Object.entries(event.details ?? {}).map(([name, value]) => (
          <Row key={name} name={<UntrustedText text={detailName(name)} />}>
            <UntrustedText text={detailText(value)} />
          </Row>
        ))}
        <Row name="Action">
          <code className="font-mono text-sm">
            <UntrustedText text={action} />
          </code>
        </Row>
        <Row name="Request">
          <code className="font-mono text-sm">
            <UntrustedText text={event.requestId} />
          </code>
        </Row>
      </dl>
    </section>
  );
}

function Row({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function Intact({ entry: { leafHash, stored, vouched } }: { entry: EntryDetail }) {
  return (
    <section aria-labelledby="intact" className="flex max-w-4xl flex-col gap-3">
      <h2 id="intact" className="text-lg font-semibold">
        Is it intact?
      </h2>
      <ul className="flex flex-col gap-2">
        <Check ok={leafHash === stored}>
          {leafHash === stored
            ? "The bytes below have the hash that the log keeps for this entry: "
            : "The bytes below have another hash than the log keeps: "}
          <Digest value={leafHash} copy />
        </Check>
        {vouched ? (
          <Covered vouched={vouched} />
        ) : (
          <li className="text-unsure">
            <span aria-hidden="true">◐ </span>No signed checkpoint covers it yet; one follows within seconds.
          </li>
        )}
      </ul>
      {vouched && vouched.proof.length > 0 && (
        <details>
          <summary className="min-h-8 w-fit cursor-pointer leading-8 text-accent hover:underline">
            Inclusion proof: {plural(vouched.proof.length, "hash", "hashes")}
          </summary>
          <p className="mt-1 max-w-prose text-sm text-muted">
            RFC 6962, from the leaf up. With the leaf's hash they give the root that the checkpoint signs.
          </p>
          <ol className="mt-2 list-decimal pl-8 font-mono text-sm break-all">
            {vouched.proof.map((hash, i) => (
              <li key={i}>{hash}</li>
            ))}
          </ol>
        </details>
      )}
      {vouched && (
        <details>
          <summary className="min-h-8 w-fit cursor-pointer leading-8 text-accent hover:underline">
            The signed checkpoint
          </summary>
          <div className="mt-2 flex flex-col items-start gap-2">
            <Untrusted text={vouched.note} className="w-full font-mono text-[13px]" />
            <CopyButton text={vouched.note} label="Copy checkpoint" />
          </div>
        </details>
      )}
    </section>
  );
}

function Covered({ vouched }: { vouched: Vouched }) {
  const { size, at, problem, root, holders } = vouched;
  const holding = holders.filter(({ holds }) => holds);
  return (
    <>
      <Check ok={problem === null}>
        {problem === null
          ? "It is in the tree under the signed checkpoint over "
          : "The checkpoint does not vouch for it: over "}
        {plural(size, "entry", "entries")}, <RelativeTime date={at} />, root <Digest value={root} />
        {problem !== null && (
          <>
            : <UntrustedText text={problem} />
          </>
        )}
      </Check>
      <Check ok={holding.length > 0}>
        {holding.length === 0 ? (
          "Nobody outside the database holds a checkpoint over it."
        ) : (
          <span className="[overflow-wrap:anywhere]">
            Held outside the database by <UntrustedText text={holding.map(({ name }) => name).join(", ")} />
            {holders.length > holding.length && (
              <>
                , not yet by{" "}
                <UntrustedText
                  text={holders
                    .filter(({ holds }) => !holds)
                    .map(({ name }) => name)
                    .join(", ")}
                />
              </>
            )}
            .
          </span>
        )}
      </Check>
    </>
  );
}

/** The exact bytes: as text where they are text, and always in base64 for whoever hashes them. */
function Leaf({ entry: { leaf } }: { entry: EntryDetail }) {
  const base64 = leaf.toString("base64");
  return (
    <section aria-labelledby="leaf" className="flex max-w-4xl flex-col gap-3">
      <h2 id="leaf" className="text-lg font-semibold">
        Its exact bytes
      </h2>
      <p className="text-sm text-muted">
        {plural(leaf.length, "byte")} of canonical JSON (RFC 8785). The leaf's hash is SHA-256 over a zero byte and
        these.
      </p>
      <Untrusted text={leaf.toString("utf8")} className="font-mono text-[13px]" />
      <div>
        <CopyButton text={base64} label="Copy as base64" />
      </div>
    </section>
  );
}
