import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Subject } from "../token/index.ts";
import { errorOf } from "../world.fixture.ts";
import { usersFrom } from "./directories.ts";
import { AGENT_PREFIX } from "./hop.ts";
import { inMemoryUsers } from "./in-memory.ts";
import { oidcUsers } from "./oidc-users.ts";
import type { User, UserDirectoryTraits } from "./sources.ts";
import { checkLaterIssuers, createUserIds, type UserIds } from "./user-ids.ts";
import { usersOverHttp } from "./users-over-http.ts";

const HOME = "https://id.acme.example";
const PARTNER = "https://id.partner.example";
const user = (id: string): User => ({ id, roles: ["r"] });
const ann = (issuer: string): Subject => ({ issuer, subject: "ann" });
/** The ids of the directory's `ann`, by issuer. */
const idsOf = (ids: UserIds, ...issuers: readonly string[]) => issuers.map((issuer) => ids(user("ann"), ann(issuer)));

describe("the id that policies see of a user", () => {
  it.each<[string, readonly string[], UserDirectoryTraits, readonly string[]]>([
    ["is the directory's, where one issuer is trusted", [HOME], {}, [HOME]],
    ["is the directory's, where one issuer is trusted by several anchors", [HOME, HOME], {}, [HOME]],
    [
      "is the directory's, where nobody is trusted with chains, and it has users of one issuer",
      [],
      { issuers: [HOME] },
      [HOME],
    ],
    [
      "is the directory's, where it says that its ids are unique",
      [HOME, PARTNER],
      { uniqueIds: true },
      [HOME, PARTNER],
    ],
  ])("%s", (_, trusted, directory, issuers) => {
    const ids = createUserIds(trusted, directory);
    for (let i = 0; i < 2; i++) expect(new Set(idsOf(ids, ...issuers))).toEqual(new Set(["ann"]));
  });

  it.each<[string, readonly string[], UserDirectoryTraits]>([
    ["where several issuers are trusted", [HOME, PARTNER], {}],
    ["in whichever order", [PARTNER, HOME], {}],
    ["also where the directory has users of one only", [PARTNER, HOME], { issuers: [HOME] }],
    ["where nobody is trusted, and it has users of several", [], { issuers: [HOME, PARTNER] }],
    ["where it says that its ids are not unique", [HOME, PARTNER], { uniqueIds: false }],
    ["where it says something else than true", [HOME, PARTNER], { uniqueIds: "no" as never }],
  ])("is made of issuer and subject %s", (_, trusted, directory) => {
    const ids = createUserIds(trusted, directory);
    expect(idsOf(ids, HOME, PARTNER)).toEqual([`iss:${HOME}#ann`, `iss:${PARTNER}#ann`]);
    expect(ids(user("employee-7"), ann(HOME))).toBe(`iss:${HOME}#ann`);
    expect(ids(undefined, ann(HOME))).toBe(`iss:${HOME}#ann`);
  });

  it("is told by the subject, where only the directory knows it, and was not asked", () => {
    for (const [trusted, directory] of [
      [[HOME], {}],
      [[HOME, PARTNER], { uniqueIds: true }],
    ] as const) {
      const ids = createUserIds(trusted, directory);
      expect(ids(undefined, ann(HOME))).toBe("ann");
      expect(ids(undefined, { issuer: HOME, subject: "iss:x" })).toBe("iss:x");
    }
  });

  it.each<[string, readonly string[], UserDirectoryTraits]>([
    ["who is not trusted", [HOME], {}],
    ["whose users the directory does not have", [], { issuers: [HOME] }],
  ])("is made of issuer and subject for users of an issuer %s, whoever comes first", (_, trusted, directory) => {
    expect(idsOf(createUserIds(trusted, directory), PARTNER, HOME)).toEqual([`iss:${PARTNER}#ann`, "ann"]);
  });

  it("is made of issuer and subject for everybody, where nobody says which issuers there are", () => {
    const ids = createUserIds([], {});
    expect(idsOf(ids, HOME, PARTNER, HOME)).toEqual([`iss:${HOME}#ann`, `iss:${PARTNER}#ann`, `iss:${HOME}#ann`]);
  });

  it("cannot be chosen so that it reads like one that is made", async () => {
    const ids = createUserIds([HOME], {});
    const error = await errorOf(() => ids(user(`iss:${PARTNER}#ann`), ann(HOME)));
    expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
    expect(error.message).toContain('beginning with "iss:"');
    expect(createUserIds([HOME], { uniqueIds: true })(user("iss:x"), ann(HOME))).toBe("iss:x");
  });

  it("is not another user's, nor an agent's, whatever issuers, subjects and directories say", () => {
    const text = fc.string({
      unit: fc.constantFrom("#", "%", "2", "3", "5", ":", "/", "a", "iss:", AGENT_PREFIX, HOME),
    });
    const some = fc.tuple(fc.oneof(fc.constantFrom(HOME, PARTNER, `${HOME}#`), text), text);
    const trust = fc.constantFrom([HOME], [HOME, PARTNER], []);
    fc.assert(
      fc.property(some, some, trust, ([issuer, subject], [other, namesake], trusted) => {
        const ids = createUserIds(trusted, {});
        // Each directory gives what its issuer calls the user.
        const idOf = (of: Subject): string | undefined => {
          try {
            return ids(user(of.subject), of);
          } catch {
            return undefined;
          }
        };
        const [one, two] = [idOf({ issuer, subject }), idOf({ issuer: other, subject: namesake })];
        const same = issuer === other && subject === namesake;
        expect(one !== undefined && one === two && !same).toBe(false);
        expect(one?.startsWith(AGENT_PREFIX) ?? false).toBe(false);
      }),
    );
  });
});

describe("what a directory says of its users", () => {
  const traits = { uniqueIds: true, issuers: [HOME] };

  it("is kept by every way to make one", () => {
    const directories = [
      usersFrom({ name: "hr", find: () => undefined, ...traits }),
      usersOverHttp({ name: "hr", url: () => HOME, parse: () => user("ann"), ...traits }),
      oidcUsers({ user: () => ({ roles: ["r"] }), ...traits }),
    ];
    for (const directory of directories) expect(directory).toMatchObject(traits);
  });

  it("is nothing where its maker says nothing", () => {
    const silent = [usersFrom({ name: "hr", find: () => undefined }), oidcUsers({ user: () => ({ roles: ["r"] }) })];
    for (const directory of silent) {
      expect(directory).not.toHaveProperty("uniqueIds");
      expect(directory).not.toHaveProperty("issuers");
    }
  });

  it("is which issuers it has, where it is in memory", () => {
    expect(inMemoryUsers({ [HOME]: {}, [PARTNER]: {} }).issuers).toEqual([HOME, PARTNER]);
  });
});

describe("an issuer that is trusted later", () => {
  it.each<[string, readonly string[], readonly string[], UserDirectoryTraits]>([
    ["there were several", [HOME, PARTNER], [HOME, PARTNER, "https://third.example"], {}],
    ["ids are unique", [HOME], [HOME, PARTNER], { uniqueIds: true }],
    ["it is no other", [HOME], [HOME, HOME], {}],
    ["one is left out", [HOME], [], {}],
  ])("changes nobody's id where %s", (_, began, next, traits) => {
    expect(() => checkLaterIssuers(began, next, traits)).not.toThrow();
  });

  it.each<[readonly string[], UserDirectoryTraits]>([
    [[HOME], {}],
    [[HOME, HOME], { uniqueIds: false }],
    [[], {}],
  ])("is refused where the ids of users would be others after the next start: %j", async (began, traits) => {
    const error = await errorOf(() =>
      checkLaterIssuers(began, [HOME, PARTNER].slice(began.length === 0 ? 1 : 0), traits),
    );
    expect(error.code).toBe("config_invalid");
    expect(error.message).toMatch(new RegExp(`^replace: "${PARTNER}" was not trusted when the authorizer was made`));
    expect(error.message).toContain("such as iss:https://id.example#alice;");
  });
});
