import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TokenHash } from "../token/index.ts";
import { memoryRevocations } from "./memory.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import { isRevoked, type Revocation, readRevocation, revocationKey, stricterOf } from "./revocation-rules.ts";

const NOW = 1000;
const user = { issuer: "https://id.example", subject: "ann" };

/** Bounds lie near each other, so that equal and neighbouring ones are tried, too. */
const anyTime = fc.integer({ min: NOW + 1, max: NOW + 12 });
const anyEnd = fc.option(anyTime, { nil: undefined });
const anyTarget: fc.Arbitrary<RevocationTarget> = fc.oneof(
  fc.constant<RevocationTarget>({ token: "t".repeat(43) as TokenHash }),
  fc.integer({ min: NOW - 6, max: NOW + 6 }).map((notBefore): RevocationTarget => ({ user, notBefore })),
);
const anyRevocation = fc
  .tuple(anyTarget, anyEnd)
  .map(([target, until]): Revocation => readRevocation(target, until, NOW));
const anyMoment = fc.record({
  issuedAt: fc.integer({ min: NOW - 8, max: NOW + 8 }),
  now: fc.integer({ min: NOW, max: NOW + 14 }),
});

/** Two or more of one target. */
const several = fc
  .array(anyRevocation, { minLength: 2, maxLength: 6 })
  .filter(([first, ...more]) =>
    more.every(({ target }) => revocationKey(target) === revocationKey((first as Revocation).target)),
  );

describe("of several revocations of one target", () => {
  it("the order does not matter, nor how they are put together", () => {
    fc.assert(
      fc.property(several, fc.nat(), (all, turn) => {
        const [first, ...more] = all as [Revocation, ...Revocation[]];
        const at = turn % all.length;
        const [other, ...others] = [...all.slice(at), ...all.slice(0, at)].reverse() as [Revocation, ...Revocation[]];
        const whole = more.reduce(stricterOf, first);
        expect(others.reduce(stricterOf, other)).toEqual(whole);
        expect(stricterOf(first, more.reduceRight(stricterOf))).toEqual(whole);
        expect(stricterOf(whole, first)).toEqual(whole);
      }),
    );
  });

  it("none is ever looser for another: what one of them revokes stays revoked", () => {
    fc.assert(
      fc.property(several, anyMoment, (all, { issuedAt, now }) => {
        const [first, ...more] = all as [Revocation, ...Revocation[]];
        const whole = more.reduce(stricterOf, first);
        const one = all.some((it) => isRevoked(it, { issuedAt }, now));
        expect(one && !isRevoked(whole, { issuedAt }, now)).toBe(false);
      }),
    );
  });

  it("a memory keeps what the rules say, whatever else it was told", () => {
    fc.assert(
      fc.property(fc.array(anyRevocation, { maxLength: 8 }), anyMoment, (all, { issuedAt, now }) => {
        let time = NOW;
        const memory = memoryRevocations(() => time * 1000);
        for (const { target, untilSeconds } of all) memory.revoke(target, untilSeconds);
        time = now;
        const query: RevocationQuery = { tokens: ["t".repeat(43) as TokenHash], keys: [], agents: [], user, issuedAt };
        if (all.some((it) => isRevoked(it, query, now))) expect(memory.find(query)).toBeDefined();
        if (all.length === 0) expect(memory.find(query)).toBeUndefined();
      }),
    );
  });
});
