import { beforeEach, describe, expect, it } from "vitest";
import type { Thumbprint, TokenHash } from "../token/index.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import { createPlaces, type Places } from "./revocation-places.ts";

const [ONE, OTHER] = ["https://id.example", "https://id.other"];
const QUERY: RevocationQuery = {
  tokens: ["t1", "t2"] as TokenHash[],
  keys: ["k1", "k2"] as Thumbprint[],
  agents: ["a1", "a2"],
  user: { issuer: ONE, subject: "ann" },
  issuedAt: 5,
};

/** What meets that query, in the order in which it is looked for, and beside each what only looks like it. */
const TARGETS: readonly (readonly [met: RevocationTarget, ...beside: RevocationTarget[]])[] = [
  [
    { user: { issuer: ONE, subject: "ann" }, notBefore: 9 },
    { user: { issuer: OTHER, subject: "ann" }, notBefore: 9 },
    { user: { issuer: ONE, subject: "bob" }, notBefore: 9 },
  ],
  [{ token: "t2" as TokenHash }, { token: "k1" as TokenHash }],
  [{ key: "k2" as Thumbprint }, { key: "t1" as Thumbprint }],
  [
    { key: "k2" as Thumbprint, issuer: ONE },
    { key: "k2" as Thumbprint, issuer: OTHER },
  ],
  [{ agent: "a2" }, { agent: "ann" }],
  [
    { agent: "a2", issuer: ONE },
    { agent: "a2", issuer: OTHER },
  ],
];

let places: Places<RevocationTarget>;
beforeEach(() => {
  places = createPlaces();
});
const any = (): boolean => true;
const first = (test: (kept: RevocationTarget) => boolean = any): RevocationTarget | undefined =>
  places.first(QUERY, test);

describe("what is kept for a target", () => {
  it.each(TARGETS)("is found by a call that stands on %j, until it is taken out", (met, ...beside) => {
    for (const target of beside) places.set(target, target);
    expect(first()).toBeUndefined();
    places.set(met, met);
    expect(first()).toBe(met);
    expect(first((kept) => kept !== met)).toBeUndefined();
    for (const target of beside) places.delete(target);
    expect(first()).toBe(met);
    places.delete(met);
    expect(first()).toBeUndefined();
  });

  it("is found before what is looked for later, and where it fails the test, that is found", () => {
    for (const [met] of TARGETS.toReversed()) places.set(met, met);
    const passed = new Set<RevocationTarget>();
    for (const [met] of TARGETS) {
      expect(first((kept) => !passed.has(kept))).toBe(met);
      passed.add(met);
    }
    expect(first((kept) => !passed.has(kept))).toBeUndefined();
  });

  it("stays beside others of its issuer", () => {
    const [[ann]] = TARGETS as [[RevocationTarget]];
    places.set(ann, ann);
    places.set({ user: { issuer: ONE, subject: "bob" }, notBefore: 9 }, { agent: "whatever" });
    expect(first()).toBe(ann);
  });

  it("is another one where it is set again", () => {
    const [agent, again] = [{ agent: "a1" }, { agent: "a1" }];
    places.set(agent, agent);
    places.set(agent, again);
    expect(first()).toBe(again);
  });
});
