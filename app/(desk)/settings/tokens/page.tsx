import type { Metadata } from "next";
import { EmptyState } from "@/components/ui/empty-state";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { RelativeTime } from "@/components/ui/relative-time";
import { Select } from "@/components/ui/select";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { requireActor } from "@/lib/auth/session";
import { listTokens } from "@/lib/auth/tokens";
import { ActionForm } from "../_components/action-form";
import { createTokenAction, revokeTokenAction } from "./actions";

export const metadata: Metadata = { title: "Tokens" };

export default async function TokensPage() {
  const tokens = await listTokens(await requireActor());
  return (
    <>
      <section aria-labelledby="tokens" className="flex flex-col gap-3">
        <h2 id="tokens" className="text-lg font-semibold">
          Tokens
        </h2>
        <p className="max-w-prose text-muted">
          A program uses a token in your place: it may read and write what your roles allow in this project. No token
          can sign a release.
        </p>
        {tokens.length === 0 ? (
          <EmptyState title="No tokens yet">
            Create one below to use the command line or REST from elsewhere.
          </EmptyState>
        ) : (
          <Table>
            <TableHead>
              <TableRow>
                <TableHeader>Name</TableHeader>
                <TableHeader>Of</TableHeader>
                <TableHeader className="max-sm:hidden">Last used</TableHeader>
                <TableHeader>Ends</TableHeader>
                <TableHeader>Change</TableHeader>
              </TableRow>
            </TableHead>
            <TableBody>
              {tokens.map((token) => (
                <TableRow key={token.id}>
                  <TableCell>
                    <UntrustedText text={token.name} />{" "}
                    <span className="font-mono text-sm text-muted">{token.prefix}…</span>
                  </TableCell>
                  <TableCell>{token.email ?? "nobody: this machine"}</TableCell>
                  <TableCell className="max-sm:hidden">
                    {token.lastUsedAt ? <RelativeTime date={token.lastUsedAt} /> : "never"}
                  </TableCell>
                  <TableCell>
                    {token.expiresAt ? <RelativeTime date={token.expiresAt} /> : "at the next start"}
                  </TableCell>
                  <TableCell>
                    <ActionForm
                      action={revokeTokenAction}
                      submit={
                        <span>
                          Revoke
                          <span className="sr-only">
                            {" "}
                            <UntrustedText text={token.name} />
                          </span>
                        </span>
                      }
                      variant="ghost"
                    >
                      <input type="hidden" name="id" value={token.id} />
                    </ActionForm>
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        )}
      </section>
      <section aria-labelledby="new-token" className="flex flex-col gap-3">
        <h2 id="new-token" className="text-lg font-semibold">
          New token
        </h2>
        <ActionForm
          action={createTokenAction}
          submit="Create token"
          reveals="secret"
          className="flex max-w-md flex-col gap-4"
        >
          <Field label="What it is for">
            <Input name="name" required maxLength={100} />
          </Field>
          <Field label="Valid for">
            <Select name="days" defaultValue="90">
              <option value="7">7 days</option>
              <option value="30">30 days</option>
              <option value="90">90 days</option>
              <option value="365">one year</option>
            </Select>
          </Field>
        </ActionForm>
      </section>
    </>
  );
}
