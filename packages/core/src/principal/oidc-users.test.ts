import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Subject } from "../token/index.ts";
import { errorOf } from "../world.fixture.ts";
import { oidcUsers } from "./oidc-users.ts";

const alice = { issuer: "https://id.example", subject: "alice" };

describe("a user directory out of verified claims", () => {
  const claims = { iss: alice.issuer, sub: "alice", exp: 1000, groups: ["analyst"] };
  const directory = (now: () => number, maxUsers = 2) =>
    oidcUsers({
      user: ({ groups }) => ({ roles: groups as string[] }),
      clock: now,
      maxUsers,
    });

  it("knows who logged in here, until the claims expire, and how long ago that was", async () => {
    let now = 0;
    const users = directory(() => now);
    expect(await users.find(alice)).toBeUndefined();
    expect(users.learn(claims)).toEqual(alice);
    now = 999_999;
    expect(await users.look?.(alice)).toEqual({ value: { id: "alice", roles: ["analyst"] }, ageMs: 999_999 });
    now = 1_000_000;
    expect(await users.find(alice)).toBeUndefined();
    now = 0;
    expect(await users.find(alice)).toBeUndefined();
  });

  it("goes by what the token said: what the host adds to its claims afterwards is nobody's role", async () => {
    const own = { ...claims, groups: ["analyst"], limits: { amounts: [10] } };
    const users = oidcUsers({
      user: ({ groups, limits }) => ({ roles: groups as string[], attributes: { limits: limits as never } }),
      clock: () => 0,
    });
    users.learn(own);
    own.groups.push("admin");
    own.limits.amounts[0] = 1_000_000;
    expect(await users.find(alice)).toEqual({
      id: "alice",
      roles: ["analyst"],
      attributes: { limits: { amounts: [10] } },
    });
  });

  it.each<object>([{ roles: "analyst" }, { roles: ["analyst"], attributes: { at: new Date(0) } }])(
    "leaves what is no user to be refused when it is asked about: %j",
    async (made) => {
      const users = oidcUsers({ user: () => made as never, clock: () => 0 });
      users.learn(claims);
      expect(await users.find(alice)).toEqual({ id: "alice", ...made });
    },
  );

  it("does not know the same name from another issuer", async () => {
    const users = directory(() => 0);
    users.learn(claims);
    expect(await users.find({ ...alice, issuer: "https://partner.example" })).toBeUndefined();
  });

  it("forgets who logged in longest ago where there are too many", async () => {
    const users = directory(() => 0);
    for (const sub of ["alice", "bob", "alice", "carol"]) users.learn({ ...claims, sub });
    const known = await Promise.all(["alice", "bob", "carol"].map((subject) => users.find({ ...alice, subject })));
    expect(known.map((user) => user?.id)).toEqual(["alice", undefined, "carol"]);
  });

  it.each([{ iss: undefined }, { sub: undefined }, { sub: "" }, { exp: undefined }, { exp: Number.NaN }])(
    "takes in no claims with %j",
    async (changed) => {
      expect((await errorOf(() => directory(() => 0).learn({ ...claims, ...changed } as never))).code).toBe(
        "attributes_invalid",
      );
    },
  );
});

describe("two tokens of one user, of which each says something else", () => {
  const login = (scope: string, exp = 2000) => ({ iss: alice.issuer, sub: alice.subject, exp, scope });
  const byScope = (clock: () => number) =>
    oidcUsers({ clock, user: ({ scope }) => ({ roles: String(scope).split(" ") }) });
  const rolesOf = async (users: ReturnType<typeof byScope>, subject: Subject) => (await users.find(subject))?.roles;

  it("are each good for who came with it, by what learn gave; the last one for all others", async () => {
    const users = byScope(() => 0);
    const [editor, own] = [users.learn(login("read")), users.learn(login("read pay"))];
    expect([await rolesOf(users, editor), await rolesOf(users, own)]).toEqual([["read"], ["read", "pay"]]);
    expect(await rolesOf(users, { ...alice })).toEqual(["read", "pay"]);
    expect(() => Object.assign(editor, { subject: "bob" })).toThrow(TypeError);
  });

  it("do not take each other's place where one has ended", async () => {
    let now = 0;
    const users = byScope(() => now);
    const [ended, living] = [users.learn(login("pay", 1)), users.learn(login("read"))];
    now = 1500;
    expect([await rolesOf(users, ended), await rolesOf(users, living)]).toEqual([undefined, ["read"]]);
    expect(await rolesOf(users, alice)).toEqual(["read"]);
  });
});

it("claims that have ended, which somebody verified with a tolerance, are told as that, and not as a user whom nobody knows", async () => {
  const users = oidcUsers({ user: () => ({ roles: ["r"] }), clock: () => 1_000_000 });
  const learning = (exp: number) => errorOf(() => users.learn({ iss: alice.issuer, sub: "alice", exp }));
  for (const exp of [1000, 990]) {
    expect(await learning(exp)).toMatchObject({
      code: "attributes_invalid",
      message: expect.stringContaining("ended"),
    });
  }
  expect(users.learn({ iss: alice.issuer, sub: "alice", exp: 1001 })).toEqual(alice);
});

describe("a user directory out of verified claims, as records tell it", () => {
  it("has a name, and counts how long ago somebody logged in", async () => {
    let now = 5000;
    const users = oidcUsers({ user: () => ({ roles: ["r"] }), clock: () => now });
    expect(users.name).toBe("verified claims");
    expect(await users.look?.(alice)).toStrictEqual({ value: undefined, ageMs: 0 });
    users.learn({ iss: alice.issuer, sub: "alice", exp: 1000 });
    now = 5040;
    expect(await users.look?.(alice)).toEqual({ value: { id: "alice", roles: ["r"] }, ageMs: 40 });
  });

  it("knows nobody for longer than their claims were good, where its clock is put back", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let now = 900_000;
    const users = oidcUsers({ user: () => ({ roles: ["r"] }), clock: () => now });
    users.learn({ iss: alice.issuer, sub: "alice", exp: 1000 });
    now = 0;
    vi.advanceTimersByTime(99_999);
    expect(await users.find(alice)).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(await users.find(alice)).toBeUndefined();
  });

  it("tells the schema of its users' attributes, for whoever describes them", () => {
    const schema = { type: "object", required: ["region"] };
    expect(oidcUsers({ user: () => ({ roles: ["r"] }), schema }).schema).toEqual(schema);
  });

  it.each<[string, object]>([
    ["a time as a text", { exp: "1000" }],
    ["a time that never comes", { exp: Number.POSITIVE_INFINITY }],
    ["a time in milliseconds", { exp: 1_760_000_000_000 }],
    ["no text for its issuer", { iss: 5 }],
  ])("takes in no claims with %s", async (_, changed) => {
    const users = oidcUsers({ user: () => ({ roles: ["r"] }), clock: () => 0 });
    const error = await errorOf(() => users.learn({ iss: alice.issuer, sub: "alice", exp: 1000, ...changed } as never));
    expect(error).toMatchObject({ code: "attributes_invalid", message: expect.stringMatching(/^claims need iss/) });
    expect(await users.find(alice)).toBeUndefined();
  });

  it("takes in no claims that cannot be read, nor those of which the host's function makes no user", async () => {
    const users = oidcUsers({
      user: () => {
        throw new RangeError("hunter2");
      },
    });
    const claims = { iss: alice.issuer, sub: "alice", exp: 4_000_000_000 };
    const error = await errorOf(() => users.learn(claims));
    expect(error).toMatchObject({ code: "attributes_invalid", cause: expect.any(RangeError) });
    expect(error.message).toMatch(/^the function that makes the user of claims/);
    expect(error.message).not.toContain("hunter2");
    const broken = Object.defineProperty({ ...claims }, "groups", {
      enumerable: true,
      get: () => {
        throw new Error("hunter2");
      },
    });
    expect((await errorOf(() => users.learn(broken))).message).toMatch(/^claims need iss/);
  });

  it("names what could not be done where its clock tells no time", async () => {
    const users = oidcUsers({ user: () => ({ roles: ["r"] }), clock: () => Number.NaN });
    const { message } = await errorOf(() => users.learn({ iss: alice.issuer, sub: "alice", exp: 1000 }));
    expect(message).toMatch(/learn/);
  });

  it("says what claims need", async () => {
    const users = oidcUsers({ user: () => ({ roles: ["r"] }) });
    expect((await errorOf(() => users.learn({ iss: alice.issuer, sub: "" } as never))).message).toBe(
      "claims need iss, sub and exp, in seconds, to be taken in",
    );
    expect((await errorOf(() => users.learn({ iss: "", sub: "alice", exp: 9_999_999_999 }))).code).toBe(
      "attributes_invalid",
    );
  });
});
