import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { currentActor } from "@/lib/auth/session";
import { PasswordForm } from "./_components/password-form";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ callbackUrl?: string }> }) {
  if (await currentActor()) redirect("/");
  const { callbackUrl } = await searchParams;
  return (
    <>
      <h1 className="text-2xl font-semibold tracking-tight">Sign in</h1>
      <PasswordForm returnTo={localPath(callbackUrl)} />
      <p className="text-sm text-muted">
        No password yet? Open the one-time link you were given. An administrator can make a new one, on the members page
        or with <code className="font-mono">countersign user link</code>.
      </p>
    </>
  );
}

/** Only a path of this site, so that a link can't send people elsewhere after they sign in. */
function localPath(url: string | undefined): string {
  return url && /^\/(?![/\\])/.test(url) ? url : "/";
}
