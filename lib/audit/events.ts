/** Every action the audit log knows, with what it says to a reader. Names are `noun.what_happened`. */
export const auditActions = {
  "project.created": "Project created",
  "import.started": "Import started",
  "import.completed": "Import completed",
  "import.unchanged": "Import changed nothing",
  "import.failed": "Import failed",
  "prompt.created": "Prompt created",
  "prompt.version_pushed": "Prompt version pushed",
  "label.adopted": "Label adopted at import",
  "label.moved": "Label moved",
  "label.move_refused": "Label move refused",
  "policy.created": "Policy created",
  "release.created": "Release created",
  "release.drawn": "Sample drawn",
  "release.cases_chosen": "Cases added to the sample by hand",
  "release.closed": "Grading closed, evidence frozen",
  "release.reopened": "Grading reopened",
  "release.withdrawn": "Release withdrawn",
  "release.signed_off": "Release approved",
  "release.refused": "Release refused",
  "release.sign_off_refused": "Sign-off attempt refused",
  "case.tagged": "Cases tagged",
  "case.untagged": "Tag taken from cases",
  "cases.exported": "Cases exported",
  "view.saved": "View of cases saved",
  "view.renamed": "View of cases renamed",
  "view.deleted": "View of cases deleted",
  "judge.moved": "Judge moved",
  "judge.alarm_acknowledged": "Judge's alarm acknowledged",
  "anchor.created": "Anchor set chosen",
  "anchor.exported": "Anchor set exported",
  "anchor.judged": "Anchor set judged again",
  "sentinel.made": "Sentinels made",
  "sentinel.exported": "Sentinels exported for judging",
  "sentinel.struck": "Sentinel struck",
  "sentinel.judged": "Verdicts on sentinels taken",
  "review.given": "Grade given",
  "review.superseded": "Grade superseded",
  "review.skipped": "Case put off",
  "check.graded": "Check on grading answered",
  "sign_off.given": "Sign-off given",
  "evidence.exported": "Evidence exported",
  "member.invited": "Member invited",
  "member.invitation_revoked": "Invitation revoked",
  "member.joined": "Member joined",
  "member.added": "Member added",
  "member.role_changed": "Member's roles changed",
  "member.removed": "Member removed",
  "token.created": "Token created",
  "token.revoked": "Token revoked",
  "sign_in.succeeded": "Signed in",
  "sign_in.failed": "Sign-in failed",
  "sign_in.link_created": "Sign-in link created",
  "sign_in.link_used": "Sign-in link used",
  "account.password_set": "Password set",
  "account.signed_out_everywhere": "Signed out everywhere",
  "demo.loaded": "Demo project loaded",
} as const;

export type AuditAction = keyof typeof auditActions;

export function isAuditAction(action: string): action is AuditAction {
  return Object.hasOwn(auditActions, action);
}

/** What an action says to a reader; the name itself for one that this version does not know. */
export function actionLabel(action: string): string {
  return isAuditAction(action) ? auditActions[action] : action;
}
