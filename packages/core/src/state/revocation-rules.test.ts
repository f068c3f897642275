/** The rules by themselves, as a store of somebody else uses them: keys, bounds, and what is none of it. */
import { describe, expect, it } from "vitest";
import type { Thumbprint, TokenHash } from "../token/index.ts";
import { errorOf, ISSUER, NOW } from "../world.fixture.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import {
  holds,
  isRevoked,
  type Revocation,
  readRevocation,
  revocationKey,
  revocationKeys,
  stricterOf,
} from "./revocation-rules.ts";

const hash = (letter: string): string => letter.repeat(43);
const ANN = { issuer: ISSUER, subject: "ann" };
const TOKEN: RevocationTarget = { token: hash("t") as TokenHash };
const KEY = hash("k") as Thumbprint;
const QUERY: RevocationQuery = {
  tokens: [hash("t"), hash("u")] as TokenHash[],
  keys: [KEY],
  agents: ["planner", "researcher"],
  user: ANN,
  issuedAt: NOW,
};

/** Each kind of target, with the key that it is kept under. */
const KEYS: readonly (readonly [RevocationTarget, string])[] = [
  [{ user: ANN, notBefore: NOW }, `user ["${ISSUER}","ann"]`],
  [TOKEN, `token ${hash("t")}`],
  [{ token: hash("u") as TokenHash }, `token ${hash("u")}`],
  [{ key: KEY }, `key ${KEY}`],
  [{ key: KEY, issuer: ISSUER }, `key ${KEY} of ${ISSUER}`],
  [{ agent: "planner" }, "agent planner"],
  [{ agent: "planner", issuer: ISSUER }, `agent planner of ${ISSUER}`],
  [{ agent: "researcher" }, "agent researcher"],
  [{ agent: "researcher", issuer: ISSUER }, `agent researcher of ${ISSUER}`],
];

describe("the key of a target", () => {
  it.each(KEYS)("%j is %s", (target, key) => {
    expect(revocationKey(target)).toBe(key);
  });

  it("is among those that a call can meet, which are these and no others", () => {
    expect(revocationKeys(QUERY)).toEqual(KEYS.map(([, key]) => key));
  });

  it.each([
    { ...QUERY, user: { issuer: ISSUER } },
    { ...QUERY, user: { subject: "ann" } },
    { ...QUERY, tokens: [5] },
    { ...QUERY, keys: [undefined] },
    { ...QUERY, agents: [{}] },
    { ...QUERY, agents: undefined },
  ])("is none of a query that is none: %j", async (query) => {
    expect(await errorOf(() => revocationKeys(query as never))).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/^revocationKeys: query must be the query of an authorizer/),
    });
  });

  it.each([{}, null, { token: 5 }, { key: KEY, issuer: 5 }, { agent: undefined }, { user: "ann" }, { user: {} }])(
    "is none of a target that is none: %j",
    async (target) => {
      expect(await errorOf(() => revocationKey(target as never))).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/^revocationKey: target must be a target, as readRevocation gave it/),
      });
    },
  );
});

describe("a revocation is read", () => {
  it("as a copy that nobody changes, with an agent by the name of the registry", () => {
    const target = { agent: "agent:planner" };
    const read = readRevocation(target, NOW + 1, NOW);
    expect(read).toEqual({ target: { agent: "planner" }, untilSeconds: NOW + 1 });
    expect(Object.isFrozen(read.target)).toBe(true);
    expect(readRevocation(TOKEN, undefined, NOW)).toStrictEqual({ target: TOKEN });
  });

  it.each([
    [{}, undefined, "a target names a token, a key, an agent, or a user"],
    [{ notBefore: NOW }, undefined, "a target names a token, a key, an agent, or a user"],
    [TOKEN, NOW, "its end, untilSeconds, is past, so it would revoke nothing; leave it out"],
    [TOKEN, NOW - 1, "its end, untilSeconds, is past, so it would revoke nothing; leave it out"],
  ] as const)("unless it would revoke nothing: %j until %s", async (target, until, why) => {
    expect(await errorOf(() => readRevocation(target, until, NOW, "revokeAll"))).toMatchObject({
      code: "config_invalid",
      message: `revokeAll: ${why}`,
    });
  });

  it("in the words of revoke, where no other function was called", async () => {
    expect((await errorOf(() => readRevocation({}, undefined, NOW))).message).toMatch(/^revoke: a target names/);
  });

  it("by a time in seconds", async () => {
    for (const now of [undefined, Number.NaN, NOW * 1000, -1]) {
      expect(await errorOf(() => readRevocation(TOKEN, undefined, now as never))).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/^readRevocation: nowSeconds /),
      });
    }
  });
});

it("a user or an issuer is revoked by a name that every reader of the log can read: another would close it to all of them", async () => {
  const user = { issuer: "https://id.acme.example", subject: "a".repeat(65_536) };
  expect(readRevocation({ user, notBefore: NOW }, undefined, NOW).target).toEqual({ user, notBefore: NOW });
  for (const odd of ["", "\ud800", "a".repeat(65_537)]) {
    const targets = [
      { user: { ...user, issuer: odd }, notBefore: NOW },
      { user: { ...user, subject: odd }, notBefore: NOW },
      { agent: "planner", issuer: odd },
      { key: "A".repeat(43), issuer: odd },
    ];
    for (const target of targets) {
      expect(await errorOf(() => readRevocation(target, undefined, NOW))).toMatchObject({ code: "config_invalid" });
    }
  }
});

describe("of two revocations of one target", () => {
  it("the later bound of each counts, in whichever order they come", () => {
    const early: Revocation = { target: { user: ANN, notBefore: NOW }, untilSeconds: NOW + 2 };
    const late: Revocation = { target: { user: ANN, notBefore: NOW + 1 }, untilSeconds: NOW + 1 };
    const both = { target: late.target, untilSeconds: NOW + 2 };
    expect([stricterOf(early, late), stricterOf(late, early)]).toEqual([both, both]);
    const endless = { target: TOKEN };
    const ending = { target: TOKEN, untilSeconds: NOW };
    expect([stricterOf(endless, ending), stricterOf(ending, endless)]).toEqual([endless, endless]);
  });

  it("neither may be of another target, or none", async () => {
    const one: Revocation = { target: TOKEN };
    expect(await errorOf(() => stricterOf(one, { target: { agent: "planner" } }))).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/^stricterOf: other must be a revocation of the same target/),
    });
    for (const none of [undefined, {}, { target: {} }, { ...one, untilSeconds: Number.NaN }]) {
      for (const [name, ask] of [
        ["one", () => stricterOf(none as never, one)],
        ["other", () => stricterOf(one, none as never)],
      ] as const) {
        expect(await errorOf(ask)).toMatchObject({
          code: "config_invalid",
          message: expect.stringMatching(
            new RegExp(`^stricterOf: ${name} (must be what readRevocation gave|is missing)`),
          ),
        });
      }
    }
  });
});

describe("a revocation holds", () => {
  const OF_USER: Revocation = { target: { user: ANN, notBefore: NOW }, untilSeconds: NOW + 60 };

  it("until its end, for what was issued before its time; of anything but a user, for whatever it is", () => {
    const asked = [
      [OF_USER, NOW - 1, NOW, true],
      [OF_USER, NOW, NOW, false],
      [OF_USER, NOW - 1, NOW + 59.999, true],
      [OF_USER, NOW - 1, NOW + 60, false],
      [{ target: TOKEN }, NOW, NOW * 2, true],
    ] as const;
    for (const [revocation, issuedAt, now, isHeld] of asked) {
      expect(isRevoked(revocation, { issuedAt }, now)).toBe(isHeld);
      expect(holds(revocation, issuedAt, now)).toBe(isHeld);
    }
  });

  it.each<[string, () => unknown]>([
    ["revocation must be", () => isRevoked({ target: {} } as never, { issuedAt: NOW }, NOW)],
    ["revocation must be", () => isRevoked({ ...OF_USER, untilSeconds: Number.NaN }, { issuedAt: NOW }, NOW)],
    ["revocation must be", () => isRevoked({ target: { user: ANN, notBefore: Number.NaN } }, { issuedAt: NOW }, NOW)],
    ["query must be the query of an authorizer", () => isRevoked(OF_USER, null as never, NOW)],
    ["query.issuedAt ", () => isRevoked(OF_USER, {} as never, NOW)],
    ["query.issuedAt ", () => isRevoked(OF_USER, { issuedAt: Number.NaN }, NOW)],
    ["nowSeconds ", () => isRevoked(OF_USER, { issuedAt: NOW }, Number.NaN)],
    ["nowSeconds ", () => isRevoked(OF_USER, { issuedAt: NOW }, undefined as never)],
  ])("is not answered for what is none: %s %s", async (what, ask) => {
    expect(await errorOf(ask)).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(new RegExp(`^isRevoked: ${what}`)),
    });
  });
});
