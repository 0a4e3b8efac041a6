import type { Metadata } from "next";
import { orNotFound } from "@/app/_or-not-found";
import { EmptyState } from "@/components/ui/empty-state";
import { Notice } from "@/components/ui/notice";
import { PageHead } from "@/components/ui/page-head";
import { hasPassword } from "@/lib/auth/account";
import { listPasskeys, relyingParty } from "@/lib/auth/passkeys";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { getPrompt, listVersionKeys } from "@/lib/prompts/queries";
import { listBreakGlass } from "@/lib/releases/break-glass";
import { BrokenGlassNotice } from "../../_components/broken-glass";
import { promptHref } from "../../_links";
import { readPart } from "../../_params";
import { BreakGlassForm } from "./_components/break-glass-form";

export const metadata: Metadata = { title: "Break the glass" };

export default async function BreakGlassPage({ params }: { params: Promise<{ name: string }> }) {
  const actor = await requireActor();
  const name = readPart((await params).name);
  const [prompt, keys, password, passkeys, broken] = await Promise.all([
    orNotFound(getPrompt(actor, name, { limit: 1 })),
    listVersionKeys(actor, name),
    hasPassword(actor),
    listPasskeys(actor),
    listBreakGlass(actor, { prompt: name }),
  ]);
  const labels = prompt.labels.filter((label) => label.protected);
  const party = passkeys.length > 0 ? relyingParty() : null;
  return (
    <>
      <PageHead
        trail={[
          { href: "/prompts", label: "Prompts" },
          { href: promptHref(name), label: name },
        ]}
        title="Break the glass"
      />
      <div className="flex max-w-3xl flex-col gap-6">
        <Notice tone="danger" title="This moves a protected label without an approval">
          <p>
            For an emergency only. It approves nothing: the gate never answers “approved” because of it. Every release
            manager is told, and it is shown in red on the label, the prompt, its releases and in the audit log for
            ever.
          </p>
        </Notice>
        {!may(actor, "label.break_glass") ? (
          <Notice title="You can't break the glass">It takes the role administrator or release manager.</Notice>
        ) : labels.length === 0 ? (
          <EmptyState title="No protected label">
            Labels that are not protected move without breaking the glass.
          </EmptyState>
        ) : !password && !party ? (
          <Notice tone="warning">Set a password or add a passkey on your account page first.</Notice>
        ) : (
          <BreakGlassForm
            prompt={name}
            labels={labels.map((label) => ({ name: label.name, version: label.version }))}
            versions={keys.map(({ key }) => key)}
            hasPassword={password}
            passkeyOrigin={party?.origin ?? null}
          />
        )}
        <BrokenGlassNotice rows={broken} />
      </div>
    </>
  );
}
