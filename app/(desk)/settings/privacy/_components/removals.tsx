import Link from "next/link";
import { Digest } from "@/components/ui/digest";
import { Field } from "@/components/ui/field";
import { formatCount, plural } from "@/components/ui/format";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import type { Person } from "@/lib/auth/actor";
import { may } from "@/lib/auth/permit";
import type { Going, Quote, Redaction } from "@/lib/privacy/queries";
import { placeWords } from "@/lib/privacy/schema";
import { versionHref } from "../../../prompts/_links";
import { ActionForm } from "../../_components/action-form";
import { approveRemovalAction, refuseRemovalAction, withdrawRemovalAction } from "../actions";

const scopeWords: Record<Redaction["scope"], string> = {
  case: "everything",
  output: "one answer, and all that was said of it",
  words: "what people and judges said of the answers",
  run: "all answers of a run, and what was said of them",
};

/** One that waits: what would go, and the buttons of whoever may decide. */
export function OpenRemoval({ redaction, going, actor }: { redaction: Redaction; going: Going; actor: Person }) {
  const mine = redaction.requestedById === actor.userId;
  return (
    <article aria-label={`Removal ${redaction.id}`} className="flex flex-col gap-3 rounded-md border border-line p-4">
      <h3 className="font-semibold [overflow-wrap:anywhere]">
        <Subject redaction={redaction} />: {scopeWords[redaction.scope]}
      </h3>
      <p className="[overflow-wrap:anywhere]">
        <UntrustedText text={redaction.requestedBy} />, <RelativeTime date={redaction.requestedAt} />: “
        <UntrustedText text={redaction.reason} />”
      </p>
      <Places going={going} />
      {going.inEvidence + going.inLog + going.quotes.length > 0 && (
        <Notice tone="warning" title="What stays">
          {going.inEvidence > 0 && (
            <p>
              {plural(going.inEvidence, "note")} of it {going.inEvidence === 1 ? "stands" : "stand"} word for word in
              evidence that an earlier version of Countersign froze. What was signed can&apos;t be changed.
            </p>
          )}
          {going.inLog > 0 && (
            <p>
              {plural(going.inLog, "entry", "entries")} of the audit log, written by an earlier version, quote a note of
              it, and stay.
            </p>
          )}
          {going.quotes.length > 0 && <Quotes quotes={going.quotes} />}
        </Notice>
      )}
      {mine ? (
        <>
          <p className="text-muted">You asked for it: somebody else has to approve it.</p>
          <ActionForm action={withdrawRemovalAction} submit="Take it back" variant="secondary">
            <input type="hidden" name="id" value={redaction.id} />
          </ActionForm>
        </>
      ) : may(actor, "redaction.approve") ? (
        <div className="flex flex-wrap items-end gap-x-8 gap-y-4">
          <ActionForm action={approveRemovalAction} submit="Remove for good" variant="danger">
            <input type="hidden" name="id" value={redaction.id} />
          </ActionForm>
          <ActionForm
            action={refuseRemovalAction}
            submit="Refuse"
            variant="secondary"
            className="flex flex-wrap items-end gap-2"
          >
            <input type="hidden" name="id" value={redaction.id} />
            <Field label="Why not">
              <Input name="answer" required maxLength={500} />
            </Field>
          </ActionForm>
        </div>
      ) : (
        <p className="text-muted">An administrator or release manager approves it.</p>
      )}
    </article>
  );
}

const quotesShown = 20;

const quoteWords: Record<Quote["kind"], [one: string, many: string]> = {
  version: ["prompt version", "prompt versions"],
  judge: ["judge prompt", "judge prompts"],
  rubric: ["rubric", "rubrics"],
  hunk: ["hunk", "hunks"],
};

/** What the removal does not reach: prompts and rubrics are the project's own, and are changed by new versions. */
function Quotes({ quotes }: { quotes: readonly Quote[] }) {
  const kinds = (Object.keys(quoteWords) as Quote["kind"][]).flatMap((kind) => {
    const count = quotes.filter((quote) => quote.kind === kind).length;
    return count > 0 ? [plural(count, ...quoteWords[kind])] : [];
  });
  return (
    <>
      <p>
        {kinds.join(", ")} {quotes.length === 1 ? "holds" : "hold"} one of these texts word for word. The removal does
        not reach them.
      </p>
      <ul className="list-disc pl-5">
        {quotes.slice(0, quotesShown).map((quote) => (
          <li key={`${quote.kind} ${quote.name} ${quote.part} ${quote.id}`} className="[overflow-wrap:anywhere]">
            <QuoteLink quote={quote} />
          </li>
        ))}
      </ul>
      {quotes.length > quotesShown && <p>And {formatCount(quotes.length - quotesShown)} more.</p>}
    </>
  );
}

function QuoteLink({ quote: { kind, name, part, id } }: { quote: Quote }) {
  const hrefs = {
    version: versionHref(name, part),
    judge: id && `/judges/${id}`,
    rubric: id && `/judges/${id}`,
    hunk: id && `/releases/${id}/changes?hunk=${encodeURIComponent(part)}`,
  };
  const text = {
    version: `${name} ${part}`,
    judge: `judge ${name} ${part}`,
    rubric: `rubric of ${name}`,
    hunk: `hunk ${part} of ${name}`,
  };
  const words = <UntrustedText text={text[kind]} />;
  const href = hrefs[kind];
  return href ? (
    <Link href={href} className="text-accent underline underline-offset-2">
      {words}
    </Link>
  ) : (
    words
  );
}

function Places({ going: { places } }: { going: Going }) {
  const words = new Map<string, number>();
  for (const { place, texts } of places) {
    const word = placeWords[place] ?? place;
    words.set(word, (words.get(word) ?? 0) + texts);
  }
  const [texts, bytes] = [sum(places.map((row) => row.texts)), sum(places.map((row) => row.bytes))];
  return (
    <p>
      Would go now: {plural(texts, "text")} ({formatCount(bytes)} bytes):{" "}
      {[...words].map(([word, count]) => `${word} (${formatCount(count)})`).join(", ")}.
    </p>
  );
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function Subject({ redaction: { case: key, version, caseId, releaseId, scope } }: { redaction: Redaction }) {
  const words = (
    <>
      {scope === "run" ? (
        "run"
      ) : (
        <>
          case <UntrustedText text={key ?? ""} />
        </>
      )}
      {version && (
        <>
          , version <UntrustedText text={version} />
        </>
      )}
    </>
  );
  return releaseId && caseId ? (
    <Link href={`/releases/${releaseId}/cases/${caseId}`} className="text-accent underline underline-offset-2">
      {words}
    </Link>
  ) : (
    words
  );
}

const stateWords = { requested: "waits", done: "removed", refused: "refused", withdrawn: "taken back" };

export function DecidedRemovals({ decided }: { decided: readonly Redaction[] }) {
  if (decided.length === 0) return <p>Nothing was removed from this project.</p>;
  return (
    <Table label="Decided removals">
      <TableHead>
        <TableRow>
          <TableHeader>What</TableHeader>
          <TableHeader>Asked for</TableHeader>
          <TableHeader>Decided</TableHeader>
          <TableHeader>Why</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {decided.map((redaction) => (
          <TableRow key={redaction.id}>
            <TableCell className="min-w-40 [overflow-wrap:anywhere]">
              <Subject redaction={redaction} />
              <div className="text-sm text-muted">{scopeWords[redaction.scope]}</div>
            </TableCell>
            <TableCell>
              <UntrustedText text={redaction.requestedBy} />
              <div className="text-sm text-muted">
                <RelativeTime date={redaction.requestedAt} />
              </div>
            </TableCell>
            <TableCell>
              {stateWords[redaction.state]} by <UntrustedText text={redaction.decidedBy ?? ""} />
              <div className="text-sm text-muted">
                {redaction.decidedAt && <RelativeTime date={redaction.decidedAt} />}
                {redaction.state === "done" && `, ${plural(redaction.texts, "text")}`}
              </div>
            </TableCell>
            <TableCell className="min-w-48 [overflow-wrap:anywhere]">
              <UntrustedText text={redaction.reason} />
              {redaction.answer && (
                <div>
                  Refused: <UntrustedText text={redaction.answer} />
                </div>
              )}
              {redaction.digest && (
                <div className="text-sm text-muted">
                  over all digests: <Digest value={redaction.digest} />
                </div>
              )}
            </TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
