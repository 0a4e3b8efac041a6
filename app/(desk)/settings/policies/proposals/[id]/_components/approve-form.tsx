"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Notice } from "@/components/ui/notice";
import type { Outcome } from "../../../../../_action";
import { useForm } from "../../../../../_form";
import { signWith, useOrigin } from "../../../../../_passkey";
import { approveAction, approveWithPasskeyAction, askToApproveAction } from "../../../actions";

type Props = {
  id: number;
  policy: string;
  digest: string;
  hasPassword: boolean;
  /** Where this person's passkeys work; null: they have none. */
  passkeyOrigin: string | null;
};

/** An approval is proved like a signature: by the password, or by a passkey that signs this very document's digest. */
export function ApproveForm({ id, policy, digest, hasPassword, passkeyOrigin }: Props) {
  const origin = useOrigin();
  const withPasskey = passkeyOrigin !== null && passkeyOrigin === origin;
  const [password, setPassword] = useState(false);
  const usesPasskey = withPasskey && !(password && hasPassword);
  const [outcome, form, busy] = useForm((before: Outcome | null, data: FormData) =>
    usesPasskey
      ? signWith(
          () => askToApproveAction(data),
          (challengeId, response) => approveWithPasskeyAction(data, challengeId, response),
          "Nothing was approved.",
        )
      : approveAction(before, data),
  );
  const wrong = outcome && !outcome.ok && outcome.field === "password" ? outcome.message : undefined;
  return (
    <form {...form} className="flex max-w-prose flex-col gap-3">
      <input type="hidden" name="id" value={id} />
      <input type="hidden" name="digest" value={digest} />
      <input type="hidden" name="key" value={policy} />
      <Field label="Remark" hint="May be left empty">
        <Input name="reason" maxLength={2000} autoComplete="off" />
      </Field>
      {withPasskey && hasPassword && (
        <Checkbox checked={password} onChange={({ target }) => setPassword(target.checked)}>
          Use the password instead of a passkey
        </Checkbox>
      )}
      {!usesPasskey && (
        <Field label="Your password" hint="Again, so that it is you who approves" error={wrong}>
          <Input name="password" type="password" required autoComplete="current-password" />
        </Field>
      )}
      <div aria-live="polite">
        {outcome?.ok && <Notice tone="success">{outcome.message}</Notice>}
        {outcome && !outcome.ok && !wrong && <Notice tone="danger">{outcome.message}</Notice>}
      </div>
      <div>
        <Button type="submit" disabled={busy}>
          {usesPasskey ? "Approve this document with a passkey" : "Approve this document"}
        </Button>
      </div>
    </form>
  );
}
