import type { Actor, Role } from "../auth/actor";
import { permit } from "../auth/permit";
import { db } from "../db/client";
import type { Sql, Tx } from "../db/transaction";
import { notFound } from "../errors";
import { type PolicyDocument, readPolicy } from "./policy-document";
import { approvalsNeeded, countApprovals, type ProposalState, proposalState, proposerCounts } from "./policy-rules";
import type { PolicyFacts } from "./policy-warnings";

export type PolicyRow = {
  key: string;
  /** The newest version that may be used. */
  number: number;
  digest: string;
  document: PolicyDocument;
  createdAt: Date;
  /** Proposals that wait for people. */
  open: number;
  /** Releases under any of its versions. */
  releases: { open: number; decided: number };
};

/** Who may approve a change of policies now: people with the role whose account is in use. */
export async function entitledPeople(tx: Sql, projectId: number): Promise<number[]> {
  const rows = await tx.$queryRaw<{ id: number }[]>`
    SELECT u.id FROM membership m JOIN app_user u ON u.id = m.user_id
     WHERE m.project_id = ${projectId} AND u.disabled_at IS NULL AND m.roles && ARRAY['release_manager', 'administrator']::role[]
     ORDER BY u.id`;
  return rows.map(({ id }) => id);
}

export async function listPolicies(actor: Actor): Promise<PolicyRow[]> {
  permit(actor, "project.read");
  const { projectId } = actor;
  const policies = await db.policy.findMany({
    where: { projectId },
    select: { key: true, number: true, digest: true, document: true, createdAt: true },
    orderBy: [{ key: "asc" }, { number: "desc" }],
    distinct: ["key"],
  });
  const uses = await db.$queryRaw<{ key: string; open: number; decided: number }[]>`
    SELECT p.key, count(*) FILTER (WHERE r.state IN ('draft', 'grading', 'ready'))::int AS open,
           count(*) FILTER (WHERE r.state IN ('approved', 'refused', 'withdrawn'))::int AS decided
      FROM release r JOIN policy p ON p.id = r.policy_id WHERE r.project_id = ${projectId} GROUP BY 1`;
  const proposals = await listProposals(actor, { state: "open" });
  return policies.map(({ document, ...row }) => {
    const { open = 0, decided = 0 } = uses.find(({ key }) => key === row.key) ?? {};
    return {
      ...row,
      document: readPolicy(document),
      open: proposals.filter(({ key }) => key === row.key).length,
      releases: { open, decided },
    };
  });
}

export type PolicyVersion = {
  number: number;
  digest: string;
  document: PolicyDocument;
  /** The very text that the digest is of. */
  stored: string;
  createdAt: Date;
  createdBy: string;
  releases: number;
  /** Null: the project started with it. */
  proposal: { id: number; reason: string; approvedBy: string[] } | null;
};

/** A policy with its versions, the newest first. A key that only proposals have has none yet. */
export async function getPolicy(
  actor: Actor,
  key: string,
): Promise<{ key: string; versions: PolicyVersion[]; proposals: ProposalRow[] }> {
  permit(actor, "project.read");
  const rows = await db.policy.findMany({
    where: { projectId: actor.projectId, key },
    include: {
      proposal: { select: { id: true, reason: true, acts: { where: { kind: "approve" }, orderBy: { id: "asc" } } } },
      _count: { select: { releases: true } },
    },
    orderBy: { number: "desc" },
  });
  const proposals = await listProposals(actor, { key });
  if (rows.length === 0 && proposals.length === 0) throw notFound("The policy");
  const versions = rows.map(({ number, digest, document, createdAt, createdBy, proposal, _count }) => ({
    ...{
      number,
      digest,
      createdAt,
      createdBy,
      document: readPolicy(document),
      stored: document,
      releases: _count.releases,
    },
    proposal: proposal && {
      id: proposal.id,
      reason: proposal.reason,
      approvedBy: proposal.acts.map(({ name }) => name),
    },
  }));
  return { key, versions, proposals };
}

export type ProposalRow = {
  id: number;
  key: string;
  state: ProposalState;
  baseNumber: number | null;
  digest: string;
  reason: string;
  proposedBy: string;
  proposedById: number | null;
  tokenMadeById: number | null;
  proposedAt: Date;
  document: PolicyDocument;
  stored: string;
  /** The version that it became. */
  version: number | null;
  acts: {
    kind: "approve" | "reject" | "withdraw";
    userId: number | null;
    name: string;
    reason: string | null;
    at: Date;
  }[];
  /** Approvals that count now, of those needed. */
  approvals: number;
  needed: number;
};

const proposalsShown = 200;

/** Proposals of the project, the newest first. */
export async function listProposals(
  actor: Actor,
  { state, ...given }: { state?: ProposalState; key?: string; id?: number },
): Promise<ProposalRow[]> {
  permit(actor, "project.read");
  const { projectId } = actor;
  const rows = await db.policyProposal.findMany({
    where: { projectId, ...given },
    include: { acts: { orderBy: { id: "asc" } }, policy: { select: { number: true } } },
    orderBy: { id: "desc" },
    take: proposalsShown,
  });
  const newest = await db.$queryRaw<{ key: string; number: number }[]>`
    SELECT key, max(number)::int AS number FROM policy WHERE project_id = ${projectId} GROUP BY 1`;
  const entitled = await entitledPeople(db, projectId);
  const proposals = rows.map(({ policy, document, acts, ...row }): ProposalRow => {
    const version = policy?.number ?? null;
    const approvedBy = acts.filter(({ kind }) => kind === "approve").map(({ userId }) => userId);
    return {
      ...row,
      document: readPolicy(document),
      stored: document,
      version,
      acts: acts.map(({ kind, userId, name, reason, at }) => ({ kind, userId, name, reason, at })),
      approvals: version === null ? countApprovals(approvedBy, entitled, row) : approvedBy.length,
      needed: approvalsNeeded,
      state: proposalState({
        version,
        acts,
        baseNumber: row.baseNumber,
        newest: newest.find(({ key }) => key === row.key)?.number ?? null,
      }),
    };
  });
  return state === undefined ? proposals : proposals.filter((proposal) => proposal.state === state);
}

export async function getProposal(
  actor: Actor,
  id: number,
): Promise<ProposalRow & { base: PolicyDocument | null; entitled: number[]; proposerCounts: boolean }> {
  const [proposal] = await listProposals(actor, { id });
  if (!proposal) throw notFound("The proposal");
  const { projectId } = actor;
  const { key, baseNumber } = proposal;
  const base = baseNumber
    ? await db.policy.findUnique({ where: { projectId_key_number: { projectId, key, number: baseNumber } } })
    : null;
  const entitled = await entitledPeople(db, projectId);
  return {
    ...proposal,
    base: base && readPolicy(base.document),
    entitled,
    proposerCounts: proposerCounts(entitled),
  };
}

/** Of datasets, releases and gradings the newest are looked at: what is told from them is a hint. */
const looksAt = 20;

/** What warnings are told from. */
export async function policyFacts(actor: Actor): Promise<PolicyFacts> {
  permit(actor, "project.read");
  return factsIn(db, actor.projectId);
}

/** As `policyFacts`, as a transaction has it. */
export async function factsIn(tx: Tx, projectId: number): Promise<PolicyFacts> {
  const members = await membersIn(tx, projectId);
  const datasets = await tx.$queryRaw<{ name: string; cases: number; slices: string[] }[]>`
    SELECT d.name, x.cases, x.slices
      FROM (SELECT id, name FROM dataset WHERE project_id = ${projectId} ORDER BY id DESC LIMIT ${looksAt}) d
     CROSS JOIN LATERAL (
       SELECT (SELECT count(*)::int FROM test_case WHERE dataset_id = d.id) AS cases, coalesce(array_agg(slice ORDER BY slice) FILTER (WHERE slice IS NOT NULL), '{}') AS slices
         FROM (SELECT slice FROM test_case WHERE dataset_id = d.id GROUP BY 1 LIMIT 1000) s) x
     ORDER BY d.id DESC`;
  const criteria = await tx.criterion.findMany({ where: { projectId }, select: { key: true }, orderBy: { id: "asc" } });
  const people = await tx.$queryRaw<{ email: string; graded: boolean; brought: boolean }[]>`
    WITH latest AS (SELECT * FROM release WHERE project_id = ${projectId} ORDER BY id DESC LIMIT ${looksAt})
    SELECT u.email,
           EXISTS (SELECT 1 FROM latest r JOIN review rv ON rv.release_id = r.id AND rv.reviewer_id = u.id) AS graded,
           EXISTS (SELECT 1 FROM latest r JOIN prompt_version v ON v.id = r.candidate_id JOIN run ON run.id = r.candidate_run_id
                     LEFT JOIN import i ON i.id = run.import_id
                    WHERE u.id IN (v.contributor_id, i.created_by_id) OR lower(v.author) IN (lower(u.email), lower(u.name))) AS brought
      FROM membership m JOIN app_user u ON u.id = m.user_id WHERE m.project_id = ${projectId} AND u.disabled_at IS NULL
     ORDER BY u.email`;
  const ages = await tx.$queryRaw<PolicyFacts["ages"]>`
    SELECT (extract(epoch FROM e.created_at - least(b.created_at, k.created_at)) / 86400)::float8 AS runs,
           (extract(epoch FROM e.created_at - (SELECT min(rv.created_at) FROM review rv WHERE rv.release_id = r.id)) / 86400)::float8 AS grades
      FROM evidence e JOIN release r ON r.id = e.release_id JOIN run b ON b.id = r.baseline_run_id JOIN run k ON k.id = r.candidate_run_id
     WHERE r.project_id = ${projectId} ORDER BY e.created_at DESC LIMIT ${looksAt}`;
  return {
    members,
    graders: people.filter(({ graded }) => graded).map(({ email }) => email),
    contributors: people.filter(({ brought }) => brought).map(({ email }) => email),
    datasets,
    criteria: criteria.map(({ key }) => key),
    ages,
  };
}

/** Of the facts those that a change of members changes. */
export async function membersIn(tx: Tx, projectId: number): Promise<PolicyFacts["members"]> {
  const members = await tx.membership.findMany({
    where: { projectId, user: { disabledAt: null } },
    select: { roles: true, user: { select: { email: true, name: true } } },
    orderBy: { user: { email: "asc" } },
  });
  return members.map(({ roles, user }) => ({ ...user, roles: roles as Role[] }));
}
