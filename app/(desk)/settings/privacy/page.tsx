import type { Metadata } from "next";
import Link from "next/link";
import { DownloadButton } from "@/components/ui/button";
import { plural } from "@/components/ui/format";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { goingWith, listRedactions } from "@/lib/privacy/queries";
import { getRetention } from "@/lib/privacy/retention";
import { DecidedRemovals, OpenRemoval } from "./_components/removals";

export const metadata: Metadata = { title: "Privacy" };

export default async function PrivacyPage() {
  const actor = await requireActor();
  const [all, { inForce, waiting: retention }] = await Promise.all([listRedactions(actor), getRetention(actor)]);
  const waiting = await Promise.all(
    all
      .filter(({ state }) => state === "requested")
      .map(async (redaction) => ({ redaction, going: await goingWith(actor, redaction.id) })),
  );
  const decided = all.filter(({ state }) => state !== "requested");
  return (
    <>
      <section aria-labelledby="waiting" className="flex flex-col gap-3">
        <h2 id="waiting" className="text-lg font-semibold">
          Content to be removed
        </h2>
        <p className="max-w-prose text-muted">
          Answers, and what is said of them, may hold personal data. Whoever finds some asks for its removal on the page
          of the case; a second person approves it here. The content is then gone for good, and its SHA-256 stays in its
          place.
        </p>
        {waiting.length === 0 && <p>Nothing waits for approval.</p>}
        {waiting.map(({ redaction, going }) => (
          <OpenRemoval key={redaction.id} redaction={redaction} going={going} actor={actor} />
        ))}
      </section>
      <section aria-labelledby="retention" className="flex flex-col gap-2">
        <h2 id="retention" className="text-lg font-semibold">
          Retention
        </h2>
        <p className="max-w-prose">
          {inForce?.runsDays
            ? `Answers that no decision needs are removed ${plural(inForce.runsDays, "day")} after their import.`
            : "Answers are kept for ever, unless somebody asks for their removal."}
          {retention && " A change waits for approval."}{" "}
          <Link href="/settings/privacy/retention" className="text-accent underline underline-offset-2">
            How long content is kept
          </Link>
        </p>
      </section>
      {may(actor, "project.export") && (
        <section aria-labelledby="export" className="flex flex-col gap-2">
          <h2 id="export" className="text-lg font-semibold">
            Export
          </h2>
          <p className="max-w-prose">
            Everything of this project in one file, a line of JSON for each row; removed content as removed. The log
            records who took it.
          </p>
          <div>
            <DownloadButton href="/settings/privacy/export">Export project</DownloadButton>
          </div>
        </section>
      )}
      <section aria-labelledby="decided" className="flex flex-col gap-3">
        <h2 id="decided" className="text-lg font-semibold">
          Decided
        </h2>
        <DecidedRemovals decided={decided} />
      </section>
    </>
  );
}
