/** The walk over everything that can be revoked, by the rows of {@link RevocationTarget}. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Subject, Thumbprint, TokenHash } from "../token/index.ts";
import { errorOf, NOW } from "../world.fixture.ts";
import { memoryRevocations } from "./memory.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import type { RevocationKind } from "./revocation-rules.ts";

const hash = (letter: string): string => letter.repeat(43);
const ANN: Subject = { issuer: "https://id.example", subject: "ann" };

/** What a call stands on. */
const CALL: RevocationQuery = {
  tokens: [hash("t") as TokenHash, hash("u") as TokenHash],
  keys: [hash("k") as Thumbprint, hash("l") as Thumbprint],
  agents: ["planner", "researcher"],
  user: ANN,
  issuedAt: NOW,
};

interface Row {
  /** Targets that this call meets. */
  readonly met: readonly RevocationTarget[];
  /** Others of the same kind. */
  readonly others: readonly RevocationTarget[];
  /** What names nothing: what somebody may write by mistake. */
  readonly unusable: readonly unknown[];
}

/** A kind of target without a row does not compile. */
const ROWS: { readonly [Kind in RevocationKind]: Row } = {
  token: {
    met: [{ token: hash("t") as TokenHash }, { token: hash("u") as TokenHash }],
    others: [{ token: hash("T") as TokenHash }],
    unusable: [
      { token: undefined },
      { token: "" },
      { token: "AAAAAAAAAAAAAAAAAAAAAA" },
      { token: `${hash("t")}.${hash("t")}.${hash("t")}` },
      { token: { id: hash("t") } },
      { token: `${hash("t")}=` },
    ],
  },
  key: {
    met: [{ key: hash("k") as Thumbprint }, { key: hash("l") as Thumbprint }],
    others: [{ key: hash("t") as Thumbprint }],
    unusable: [{ key: null }, { key: { kty: "OKP", crv: "Ed25519", x: hash("k") } }, { key: "k1" }],
  },
  agent: {
    met: [{ agent: "planner" }, { agent: "agent:planner" }, { agent: "researcher" }],
    others: [{ agent: "Planner" }, { agent: "planner/reader" }],
    unusable: [{ agent: "" }, { agent: "agent:" }, { agent: 7 }, { agent: ["planner"] }],
  },
  user: {
    met: [
      { user: ANN, notBefore: NOW + 1 },
      { user: ANN, notBefore: NOW + 0.5 },
    ],
    others: [
      { user: ANN, notBefore: NOW },
      { user: ANN, notBefore: 0 },
      { user: { ...ANN, issuer: "https://other.example" }, notBefore: NOW + 60 },
      { user: { ...ANN, subject: "Ann" }, notBefore: NOW + 60 },
    ],
    unusable: [
      { user: ANN },
      { user: ANN, notBefore: undefined },
      { user: ANN, notbefore: NOW },
      ...[Number.NaN, Number.POSITIVE_INFINITY, -5, NOW * 1000, `${NOW}`, new Date(0), null].map((notBefore) => ({
        user: ANN,
        notBefore,
      })),
      { user: "ann", notBefore: NOW },
      { user: { subject: "ann" }, notBefore: NOW },
      { user: { ...ANN, subject: "" }, notBefore: NOW },
      { user: undefined, notBefore: NOW },
    ],
  },
};
const KINDS = Object.keys(ROWS) as RevocationKind[];
const MET = KINDS.flatMap((kind) => ROWS[kind].met.map((target) => [kind, target] as const));

function memory(at = { now: NOW }) {
  return { at, ...memoryRevocations(() => at.now * 1000) };
}

it("a user who is revoked for all that is issued until a time to come is so for every root of then", () => {
  const YEAR = 365 * 86_400;
  for (const ahead of [30 * 86_400, 2 * YEAR]) {
    const { revoke, find, at } = memory();
    revoke({ user: ANN, notBefore: NOW + ahead });
    // Issued at the last moment, for the longest lifetime there is.
    const issuedAt = NOW + ahead - 1;
    for (const now of [issuedAt, issuedAt + YEAR]) {
      at.now = now;
      expect(find({ ...CALL, issuedAt })).toEqual({ user: ANN, notBefore: NOW + ahead });
    }
  }
});

describe.each(MET)("a revoked %s: %j", (kind, target) => {
  // Nothing that stands on a token, or was issued for a user before, can live longer.
  const late = kind === "token" || kind === "user" ? NOW + 366 * 86_400 - 1 : NOW * 10;

  it("stays revoked as long as anything could stand on it, where nothing else was said", () => {
    const { revoke, find, at } = memory();
    expect(find(CALL)).toBeUndefined();
    revoke(target);
    expect(Object.keys(find(CALL) ?? {})).toEqual(Object.keys(target));
    at.now = late;
    expect(find(CALL)).toBeDefined();
  });

  it("stays revoked until its end, and not a moment shorter", () => {
    const { revoke, find, at } = memory();
    revoke(target, NOW + 60);
    at.now = NOW + 59.999;
    expect(find(CALL)).toBeDefined();
    at.now = NOW + 60;
    expect(find(CALL)).toBeUndefined();
  });

  it("does not come back by a clock that jumps ahead and back, however much else is revoked meanwhile", () => {
    const { revoke, find, at } = memory();
    revoke(target, NOW + 60);
    at.now = NOW + 3600;
    for (let i = 0; i < 3000; i++) revoke({ agent: `other-${i}` });
    expect(find(CALL)).toBeUndefined();
    at.now = NOW;
    expect(find(CALL)).toBeDefined();
  });

  it.each<[string, readonly (number | undefined)[], number | undefined]>([
    ["without an end, then for a minute", [undefined, NOW + 60], undefined],
    ["for a minute, then without an end", [NOW + 60, undefined], undefined],
    ["for an hour, then for a minute", [NOW + 3600, NOW + 60], NOW + 3600],
    ["for a minute, then for an hour", [NOW + 60, NOW + 3600], NOW + 3600],
  ])("twice, %s, is revoked until the later end", (_, ends, end) => {
    const { revoke, find, at } = memory();
    for (const until of ends) revoke(target, until);
    at.now = (end ?? late) - 1;
    expect(find(CALL)).toBeDefined();
    at.now = end ?? late;
    expect(find(CALL) === undefined).toBe(end !== undefined);
  });

  it.each<[string, unknown]>([
    ["not finite", Number.POSITIVE_INFINITY],
    ["no number", Number.NaN],
    ["a text", `${NOW + 60}`],
    ["a date", new Date((NOW + 60) * 1000)],
    ["null", null],
    ["in milliseconds", (NOW + 60) * 1000],
    ["a moment ago", NOW - 1],
    ["now", NOW],
    ["before the epoch", -1],
  ])("is refused an end that is %s, and what was revoked before stays so", async (_, until) => {
    const { revoke, find } = memory();
    expect(await errorOf(() => revoke(target, until as number))).toMatchObject({ code: "config_invalid" });
    expect(find(CALL)).toBeUndefined();
    revoke(target);
    expect(await errorOf(() => revoke(target, until as number))).toMatchObject({ code: "config_invalid" });
    expect(find(CALL)).toBeDefined();
  });

  it("stays as it was said, whatever becomes of the object that said it", () => {
    const { revoke, find } = memory();
    const given = structuredClone(target) as unknown as { [name: string]: unknown };
    revoke(given as never);
    for (const name of Object.keys(given)) given[name] = "notBefore" in given ? 0 : "x";
    expect(find(CALL)).toBeDefined();
    expect(Object.isFrozen(find(CALL))).toBe(true);
  });
});

describe.each(KINDS)("of a %s", (kind) => {
  it("others are left alone", () => {
    const { revoke, find } = memory();
    for (const target of ROWS[kind].others) revoke(target);
    expect(find(CALL)).toBeUndefined();
  });

  it.each(ROWS[kind].unusable)("nothing is revoked by %j, and that is said", async (target) => {
    const error = await errorOf(() => memory().revoke(target as RevocationTarget));
    expect(error).toMatchObject({ code: "config_invalid", message: expect.stringMatching(/^revoke: ./) });
    expect(error.message).not.toContain(hash("t"));
  });

  it.each(["lift", "list"] as const)(
    "what %s is asked with is read by the same rules, in its own name",
    async (ask) => {
      for (const target of ROWS[kind].unusable) {
        const error = await errorOf(() => memoryRevocations()[ask](target as never));
        expect(error).toMatchObject({
          code: "config_invalid",
          message: expect.stringMatching(new RegExp(`^${ask}: .`)),
        });
      }
    },
  );

  it("and of another target in one breath, nothing is revoked", async () => {
    for (const more of [...KINDS.filter((other) => other !== kind).map((other) => ROWS[other].met[0]), { until: 1 }]) {
      const { revoke, find } = memory();
      expect(await errorOf(() => revoke({ ...ROWS[kind].met[0], ...more } as never))).toMatchObject({
        code: "config_invalid",
      });
      expect(find(CALL)).toBeUndefined();
    }
  });
});

it.each<[unknown, string]>([
  [undefined, "what it takes must be an object of token, issuer, key, agent, user, notBefore; got nothing"],
  [null, "what it takes must be an object of token, issuer, key, agent, user, notBefore; got null"],
  ["planner", "what it takes must be an object of token, issuer, key, agent, user, notBefore; got a text"],
  [7, "what it takes must be an object of token, issuer, key, agent, user, notBefore; got 7"],
  [[], "what it takes must be an object of token, issuer, key, agent, user, notBefore; got an empty list"],
  [{}, "a target names a token, a key, an agent, or a user"],
  [{ chain: hash("t") }, "chain is not an option; it knows token, issuer, key, agent, user, notBefore"],
  [{ agnet: "planner" }, 'agnet is not an option; did you mean "agent"?'],
])("nothing is revoked by %j", async (target, problem) => {
  expect(await errorOf(() => memory().revoke(target as never))).toMatchObject({
    code: "config_invalid",
    message: `revoke: ${problem}`,
  });
});

it("of two times before which nothing of a user counts, the later holds, in either order", () => {
  for (const times of [
    [NOW + 60, NOW - 3600],
    [NOW - 3600, NOW + 60],
  ]) {
    const { revoke, find } = memory();
    for (const notBefore of times) revoke({ user: ANN, notBefore });
    expect(find(CALL)).toEqual({ user: ANN, notBefore: NOW + 60 });
    expect(find({ ...CALL, issuedAt: NOW + 60 })).toBeUndefined();
  }
});

it("everything before a leak in the past is revoked, and nothing since", () => {
  const { revoke, find } = memory();
  revoke({ user: ANN, notBefore: NOW - 3600 });
  expect(find({ ...CALL, issuedAt: NOW - 3601 })).toBeDefined();
  expect(find(CALL)).toBeUndefined();
});

it("what has lapsed for a day is forgotten when room is needed, so the memory stays as small as what lives", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const at = { now: NOW };
  const { revoke, find } = memory(at);
  for (let i = 0; i < 10_000; i++) {
    at.now = NOW + i * 100;
    vi.advanceTimersByTime(100_000);
    revoke({ agent: `a${i}` }, at.now + 1);
  }
  // A clock that steps back shows what is still kept: of ten thousand, those that a day and the room for new ones hold.
  at.now = NOW;
  const kept = Array.from({ length: 10_000 }, (_, i) => find({ ...CALL, agents: [`a${i}`] })).filter(Boolean);
  expect(kept.length).toBeLessThan(4000);
  expect(find({ ...CALL, agents: ["a9999"] })).toBeDefined();
});

it.each([Number.NaN, Number.NEGATIVE_INFINITY])("a memory whose clock says %d tells nothing", (time) => {
  const { revoke, find, at } = memory();
  revoke({ agent: "planner" }, NOW + 60);
  at.now = time;
  expect(() => find(CALL)).toThrow("the clock gave no time");
  expect(() => revoke({ agent: "researcher" })).toThrow("the clock gave no time");
});
