import type { Metadata } from "next";
import Link from "next/link";
import { Badge } from "@/components/ui/badge";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { UntrustedText } from "@/components/ui/untrusted-text";
import { roleNames } from "@/lib/auth/actor";
import { listInvitations, listMembers } from "@/lib/auth/members";
import { may } from "@/lib/auth/permit";
import { requireActor } from "@/lib/auth/session";
import { listPolicies, policyFacts } from "@/lib/releases/policy-queries";
import { policyWarnings } from "@/lib/releases/policy-warnings";
import { ActionForm } from "../_components/action-form";
import { RoleBoxes } from "../_components/role-boxes";
import { changeRolesAction, inviteAction, linkAction, removeMemberAction, revokeInvitationAction } from "./actions";

export const metadata: Metadata = { title: "Members" };

export default async function MembersPage() {
  const actor = await requireActor();
  const manages = may(actor, "member.manage");
  const [members, invitations, policies, facts] = await Promise.all([
    listMembers(actor),
    manages ? listInvitations(actor) : [],
    listPolicies(actor),
    policyFacts(actor),
  ]);
  // Of these members: what else a policy asks for in vain stands on its own page.
  const unable = policies.flatMap(({ key, document }) =>
    policyWarnings(document, facts)
      .filter(({ kind, field }) => kind === "impossible" && /^(signers|signerGroups|reviewersPerCase)/.test(field))
      .map(({ text }) => ({ key, text })),
  );
  return (
    <>
      {unable.length > 0 && (
        <Notice tone="warning" title="With these members, nobody could meet">
          <ul className="list-disc pl-5">
            {unable.map(({ key, text }) => (
              <li key={`${key} ${text}`} className="[overflow-wrap:anywhere]">
                <Link
                  href={`/settings/policies/${encodeURIComponent(key)}`}
                  className="text-accent underline underline-offset-2"
                >
                  {key}
                </Link>
                : <UntrustedText text={text} />
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <section aria-labelledby="members" className="flex flex-col gap-3">
        <h2 id="members" className="text-lg font-semibold">
          Members
        </h2>
        <Table>
          <TableHead>
            <TableRow>
              <TableHeader>Person</TableHeader>
              <TableHeader>Roles</TableHeader>
              <TableHeader className="max-sm:hidden">Since</TableHeader>
              {manages && <TableHeader>Change</TableHeader>}
            </TableRow>
          </TableHead>
          <TableBody>
            {members.map((member) => (
              <TableRow key={member.userId}>
                <TableCell className="min-w-40">
                  <div className="font-medium">
                    <UntrustedText text={member.name} />
                  </div>
                  <div className="text-sm text-muted [overflow-wrap:anywhere]">
                    <UntrustedText text={member.email} />
                  </div>
                </TableCell>
                <TableCell>
                  <div className="flex flex-wrap gap-1">
                    {member.roles.map((role) => (
                      <Badge key={role}>{roleNames[role]}</Badge>
                    ))}
                  </div>
                </TableCell>
                <TableCell className="max-sm:hidden">
                  <RelativeTime date={member.joinedAt} />
                </TableCell>
                {manages && (
                  <TableCell>
                    <details>
                      <summary className="cursor-pointer py-1 text-accent">
                        Change
                        <span className="sr-only">
                          {" "}
                          <UntrustedText text={member.name} />
                        </span>
                      </summary>
                      <div className="flex flex-col gap-4 py-3">
                        <ActionForm action={changeRolesAction} submit="Save roles" variant="secondary">
                          <input type="hidden" name="userId" value={member.userId} />
                          <RoleBoxes chosen={member.roles} legend={`Roles of ${member.name}`} />
                        </ActionForm>
                        <ActionForm action={linkAction} submit="New sign-in link" variant="secondary" reveals="link">
                          <input type="hidden" name="email" value={member.email} />
                        </ActionForm>
                        {member.userId !== actor.userId && (
                          <ActionForm action={removeMemberAction} submit="Remove from project" variant="danger">
                            <input type="hidden" name="userId" value={member.userId} />
                          </ActionForm>
                        )}
                      </div>
                    </details>
                  </TableCell>
                )}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </section>
      {manages && (
        <section aria-labelledby="invite" className="flex flex-col gap-3">
          <h2 id="invite" className="text-lg font-semibold">
            Invite by link
          </h2>
          {invitations.length > 0 && (
            <ul className="flex flex-col gap-2">
              {invitations.map((invitation) => (
                <li key={invitation.id} className="flex flex-wrap items-center gap-3 border-b border-line py-2">
                  <span className="min-w-0 grow break-all">
                    <UntrustedText text={invitation.email} />{" "}
                    <span className="text-muted">
                      {invitation.roles.map((role) => roleNames[role]).join(", ")}; waits until{" "}
                      <RelativeTime date={invitation.expiresAt} />
                    </span>
                  </span>
                  <ActionForm action={revokeInvitationAction} submit="Withdraw invitation" variant="ghost">
                    <input type="hidden" name="id" value={invitation.id} />
                  </ActionForm>
                </li>
              ))}
            </ul>
          )}
          <ActionForm
            action={inviteAction}
            submit="Create invitation link"
            reveals="link"
            className="flex max-w-md flex-col gap-4"
          >
            <Field label="Name">
              <Input name="name" required maxLength={100} autoComplete="off" />
            </Field>
            <Field label="E-mail">
              <Input name="email" type="email" required autoComplete="off" />
            </Field>
            <RoleBoxes chosen={["viewer"]} />
          </ActionForm>
        </section>
      )}
    </>
  );
}
