import type { Metadata } from "next";
import Link from "next/link";
import { openLink } from "@/lib/auth/links";
import { shortestPassword } from "@/lib/auth/password";
import { LinkForm } from "../../_components/link-form";

export const metadata: Metadata = { title: "One-time link" };

export default async function LinkPage({ params }: { params: Promise<{ secret: string }> }) {
  const { secret } = await params;
  const link = await openLink(secret);
  if (!link) {
    return (
      <>
        <h1 className="text-2xl font-semibold tracking-tight">This link no longer works</h1>
        <p className="text-muted">
          It was used already, withdrawn, or is too old. Ask an administrator for a new one, or{" "}
          <Link href="/sign-in" className="text-accent underline underline-offset-2">
            sign in with your password
          </Link>
          .
        </p>
      </>
    );
  }
  return (
    <>
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">
          {link.isInvitation ? `Join ${link.projectName ?? "Countersign"}` : `Welcome, ${link.name}`}
        </h1>
        <p className="text-muted">{link.email}</p>
      </div>
      {link.needsPasswordFirst ? (
        <p className="text-muted">
          You have an account here that has no password yet. Sign in with a one-time link of your other project, set a
          password under Settings, Account, and open this link again.
        </p>
      ) : (
        <LinkForm
          secret={secret}
          name={link.name}
          isInvitation={link.isInvitation}
          hasPassword={link.hasPassword}
          shortest={shortestPassword}
        />
      )}
    </>
  );
}
