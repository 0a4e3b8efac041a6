/** Who took part in making a candidate, and so may not sign for it. Pure: records in, words out. */

export type Contributions = {
  /** The candidate first, then what it was made from, back to the baseline or to a version that a release approved. */
  versions: { key: string; author: string | null; contributorId: number | null }[];
  /** Who brought in the candidate's answers. */
  runImportedById: number | null;
  /** Who has graded, or settled a disagreement about, cases of the release. */
  graders: readonly number[];
  /** Tokens in one person's name that another made, and so could act with. */
  tokens: readonly { ownerId: number; owner: string; makerId: number }[];
  /** What the release's policy excludes besides. */
  excluded: { graders: boolean; people: readonly string[] };
};

type Who = { userId: number; email: string; name: string };

/** Why a person may not sign, each as what they did; empty: nothing stands in the way. Roles are nobody's contribution. */
export function reasonsAgainst(person: Who, given: Contributions): string[] {
  const { versions, runImportedById, graders, tokens, excluded } = given;
  const candidate = versions[0]?.key ?? "the candidate";
  const basis = (key: string) =>
    key === candidate ? "" : `, which ${candidate} was made from and no release has approved`;
  const did: { userId: number | null; what: string }[] = [
    ...versions.map(({ key, contributorId }) => ({ userId: contributorId, what: `brought ${key} in${basis(key)}` })),
    { userId: runImportedById, what: `brought in the answers of ${candidate}` },
    ...(excluded.graders ? graders : []).map((userId) => ({
      userId,
      what: "graded cases of this release, and the policy lets no grader sign",
    })),
  ];
  const own = did.filter(({ userId }) => userId === person.userId).map(({ what }) => what);
  const wrote = versions
    .filter(({ author }) => isNamedBy(author, person))
    .map(({ key }) => `wrote ${key}${basis(key)}`);
  const lent = tokens
    .filter(({ makerId, ownerId }) => makerId === person.userId && ownerId !== person.userId)
    .flatMap(({ ownerId, owner }) =>
      did
        .filter(({ userId }) => userId === ownerId)
        .map(({ what }) => `made a token in the name of ${owner}, who ${what}`),
    );
  const named = excluded.people.includes(person.email.toLowerCase()) ? [excludedByName] : [];
  return [...new Set([...wrote, ...own, ...lent, ...named])];
}

const excludedByName = "excluded by name in the policy";

/** The same reasons, said to the person: `you brought v2 in; the policy excludes you by name`. */
export function saidToThem(reasons: readonly string[]): string {
  return reasons
    .map((reason) => (reason === excludedByName ? "the policy excludes you by name" : `you ${reason}`))
    .join("; ");
}

/** True when an author's name means this person: the e-mail, the name, or `Name <e-mail>`; letter case aside. */
function isNamedBy(author: string | null, { email, name }: { email: string; name: string }): boolean {
  if (!author) return false;
  const plain = (text: string) => text.trim().replace(/\s+/g, " ").normalize("NFKC").toLowerCase();
  const given = plain(author);
  const [, before, bracketed] = /^(.*?)\s*<([^<>]*)>$/.exec(given) ?? [];
  const names = bracketed === undefined ? [given] : [given, before, bracketed];
  return names.some((text) => text !== undefined && text !== "" && (text === plain(email) || text === plain(name)));
}
