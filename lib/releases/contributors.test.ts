import { describe, expect, it } from "vitest";
import { type Contributions, reasonsAgainst, saidToThem } from "./contributors";

const ada = { userId: 7, email: "ada@example.com", name: "Ada Lovelace" };
const v5 = { key: "v5", author: null, contributorId: null };
const none: Contributions = {
  versions: [v5],
  runImportedById: null,
  graders: [],
  tokens: [],
  excluded: { graders: false, people: [] },
};
const why = (given: Partial<Contributions>) => reasonsAgainst(ada, { ...none, ...given });
const authored = (author: string) => why({ versions: [{ ...v5, author }] });

describe("a contributor", () => {
  it.each([
    "ada@example.com",
    "ADA  lovelace",
    "A. Lovelace <Ada@Example.com>",
    "Ada Lovelace <elsewhere@example.com>",
  ])("is the author %s", (author) => expect(authored(author)).toEqual(["wrote v5"]));
  it.each(["Adam Lovelace", "ada@example.com.invalid", "", "Ada"])("is not the author %j", (author) =>
    expect(authored(author)).toEqual([]),
  );
  it("is who brought the candidate in, or its answers", () => {
    expect(why({ versions: [{ ...v5, contributorId: 7 }] })).toEqual(["brought v5 in"]);
    expect(why({ runImportedById: 7 })).toEqual(["brought in the answers of v5"]);
    expect(why({ versions: [{ ...v5, contributorId: 8 }], runImportedById: 9 })).toEqual([]);
  });
  it("is who edited a version that the candidate was made from", () => {
    const versions = [v5, { key: "v4", author: "ada@example.com", contributorId: 7 }];
    expect(why({ versions })).toEqual([
      "wrote v4, which v5 was made from and no release has approved",
      "brought v4 in, which v5 was made from and no release has approved",
    ]);
  });
  it("is who made a token in the name of one", () => {
    const versions = [{ ...v5, contributorId: 8 }];
    const tokens = [{ ownerId: 8, owner: "Noor", makerId: 7 }];
    expect(why({ versions, tokens })).toEqual(["made a token in the name of Noor, who brought v5 in"]);
    expect(why({ versions, tokens: [{ ownerId: 9, owner: "Ravi", makerId: 7 }] })).toEqual([]);
    // Her own token, made by an administrator: what it brought in, she brought in.
    expect(
      why({ versions: [{ ...v5, contributorId: 7 }], tokens: [{ ownerId: 7, owner: "Ada", makerId: 8 }] }),
    ).toEqual(["brought v5 in"]);
  });
  it("is whom the policy excludes: graders, also through a token, and people by name", () => {
    const graders = [7, 8];
    expect(why({ graders })).toEqual([]);
    const excluded = { graders: true, people: ["ada@example.com"] };
    expect(why({ graders, excluded })).toEqual([
      "graded cases of this release, and the policy lets no grader sign",
      "excluded by name in the policy",
    ]);
    expect(saidToThem(why({ graders, excluded, runImportedById: 7 }))).toBe(
      "you brought in the answers of v5; you graded cases of this release, and the policy lets no grader sign; the policy excludes you by name",
    );
    expect(
      why({
        graders: [8],
        excluded: { graders: true, people: [] },
        tokens: [{ ownerId: 8, owner: "Ravi", makerId: 7 }],
      }),
    ).toHaveLength(1);
  });
});
