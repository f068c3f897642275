/** What is in force by the entries of a log, in whatever order they came, and what is forgotten. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TokenHash } from "../token/index.ts";
import { NOW } from "../world.fixture.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import type { RevocationEntry } from "./revocation-entry.ts";
import { createIndex, type RevocationIndex } from "./revocation-index.ts";

const DAY = 86_400;
const ROOM = 1024;
const PLANNER: RevocationTarget = { agent: "planner" };
const TOKEN: RevocationTarget = { token: "t".repeat(43) as TokenHash };

const revokes = (id: string, target: RevocationTarget, more: Partial<RevocationEntry> = {}): RevocationEntry => ({
  id,
  atSeconds: NOW,
  target,
  by: { operator: "ops" },
  ...more,
});
const lifts = (id: string, target: RevocationTarget, ids: readonly string[], more: Partial<RevocationEntry> = {}) =>
  revokes(id, target, { lifts: ids, ...more });
const asks = (agent: string): RevocationQuery => ({
  tokens: ["t".repeat(43) as TokenHash],
  keys: [],
  agents: [agent],
  user: { issuer: "https://id.example", subject: "ann" },
  issuedAt: NOW,
});

let now: number;
/** The clock goes on, and with it the process's own. */
const wait = (seconds: number): void => {
  now += seconds;
  vi.advanceTimersByTime(seconds * 1000);
};
afterEach(() => void vi.useRealTimers());
let reads: number;
let index: RevocationIndex;
const isRevoked = (agent: string, at = now): boolean => index.find(asks(agent), at) !== undefined;
const idsOf = (entries: readonly RevocationEntry[]): readonly string[] => entries.map(({ id }) => id);
beforeEach(() => {
  now = NOW;
  vi.useFakeTimers({ toFake: ["performance"] });
  reads = 0;
  index = createIndex(() => {
    reads++;
    return now * 1000;
  });
});

describe("what is revoked", () => {
  it.each(["the revocation", "the lift"])(
    "stays so where the lift is of another target, and %s came first",
    (first) => {
      const both = [revokes("a", PLANNER, { countsFor: ["share"] }), lifts("b", TOKEN, ["a"])];
      for (const entry of first === "the lift" ? both.reverse() : both) index.add(entry);
      expect(isRevoked("planner")).toBe(true);
      expect(idsOf(index.inForce(NOW))).toEqual(["a"]);
      expect(index.reached("share", 1, NOW)).toBe(true);
    },
  );

  it("is found by what a call stands on, and listed by its target, or with all others", () => {
    index.add(revokes("a", PLANNER));
    index.add(revokes("b", TOKEN, { untilSeconds: NOW + 60 }));
    expect(index.find(asks("planner"), NOW)).toEqual(TOKEN);
    expect(index.find(asks("planner"), NOW + 60)).toEqual(PLANNER);
    expect(index.find(asks("clerk"), NOW + 60)).toBeUndefined();
    expect(idsOf(index.inForce(NOW))).toEqual(["a", "b"]);
    expect(idsOf(index.inForce(NOW + 60))).toEqual(["a"]);
    expect(idsOf(index.inForce(NOW, TOKEN))).toEqual(["b"]);
    expect(index.inForce(NOW, { agent: "clerk" })).toEqual([]);
  });

  it("is taken in once: the same id again changes nothing", () => {
    index.add(revokes("a", PLANNER));
    index.add(revokes("a", { agent: "clerk" }));
    expect([index.has("a"), index.has("b"), isRevoked("planner"), isRevoked("clerk")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("holds by what is left of several entries, once one of them was lifted", () => {
    index.add(revokes("short", PLANNER, { untilSeconds: NOW + 60 }));
    index.add(revokes("long", PLANNER));
    index.add(revokes("other", { agent: "clerk" }));
    expect(isRevoked("planner", NOW + 60)).toBe(true);
    index.add(lifts("lift", PLANNER, ["long"]));
    expect(idsOf(index.inForce(NOW, PLANNER))).toEqual(["short"]);
    expect([isRevoked("planner"), isRevoked("planner", NOW + 60), isRevoked("clerk")]).toEqual([true, false, true]);
  });

  it("is lifted, whichever of the two came first, and can be revoked again", () => {
    index.add(revokes("a", PLANNER));
    index.add(lifts("b", PLANNER, ["a"]));
    index.add(lifts("d", { agent: "clerk" }, ["c"]));
    index.add(revokes("c", { agent: "clerk" }));
    expect([isRevoked("planner"), isRevoked("clerk"), index.inForce(NOW)]).toEqual([false, false, []]);
    index.add(revokes("e", PLANNER));
    expect(isRevoked("planner")).toBe(true);
  });

  it("counts for its share once, until it is lifted or has ended", () => {
    const share = { countsFor: ["below root"] };
    index.add(lifts("lift", PLANNER, ["early"]));
    index.add(revokes("early", PLANNER, share));
    expect(index.reached("below root", 1, NOW)).toBe(false);
    index.add(revokes("a", PLANNER, share));
    index.add(revokes("b", TOKEN, { ...share, untilSeconds: NOW + 60 }));
    expect([index.reached("below root", 2, NOW), index.reached("below root", 3, NOW)]).toEqual([true, false]);
    index.add(lifts("late", PLANNER, ["a", "unknown"]));
    expect([index.reached("below root", 1, NOW), index.reached("below root", 2, NOW)]).toEqual([true, false]);
    expect(index.reached("below root", 1, NOW + 60)).toBe(false);
  });

  it("costs the same for each entry, however many are of one target", () => {
    let looks = 0;
    const first = revokes("first", PLANNER);
    const look = (): RevocationTarget => {
      looks++;
      return PLANNER;
    };
    Object.defineProperty(first, "target", { enumerable: true, get: look });
    index.add(first);
    const looksAtOnce = looks;
    for (let i = 0; i < 500; i++) index.add(revokes(`${i}`, PLANNER));
    // Of what came before, only what it comes to is looked at.
    expect(looks - looksAtOnce).toBeLessThan(10);
    expect(index.inForce(NOW, PLANNER)).toHaveLength(501);
  });

  it("is given whole to a store that lost it, with what lifts and what was lifted, and without what has ended", () => {
    index.add(revokes("a", PLANNER));
    index.add(lifts("b", PLANNER, ["a"]));
    index.add(revokes("c", TOKEN, { untilSeconds: NOW + 60 }));
    expect(idsOf(index.all(NOW + 59))).toEqual(["a", "b", "c"]);
    expect(idsOf(index.all(NOW + 60))).toEqual(["a", "b"]);
  });
});

describe("what has ended", () => {
  /** Others that live, so many that there is no more room. */
  const fill = (from: number, to: number): void => {
    for (let i = from; i < to; i++) index.add(revokes(`other ${i}`, { agent: `other-${i}` }));
  };

  it("is forgotten a day later, where room is needed, and what lives is not", () => {
    index.add(revokes("ended", PLANNER, { untilSeconds: NOW + 1, countsFor: ["share"] }));
    index.add(revokes("beside it", PLANNER, { untilSeconds: NOW + 2 }));
    index.add(revokes("living", { agent: "clerk" }, { untilSeconds: NOW + 2 }));
    wait(1 + DAY);
    fill(3, ROOM);
    expect(index.has("ended")).toBe(true);
    fill(ROOM, ROOM + 1);
    expect([index.has("ended"), index.has("beside it"), index.has("living")]).toEqual([false, true, true]);
    expect(idsOf(index.inForce(NOW, PLANNER))).toEqual(["beside it"]);
    expect(index.reached("share", 1, NOW)).toBe(false);
    expect([isRevoked("planner", NOW + 1), isRevoked("planner", NOW + 2), isRevoked("other-3")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("stays for that day: a clock that jumped ahead and back must not have cost it", () => {
    index.add(revokes("ended", PLANNER, { untilSeconds: NOW + 1 }));
    wait(DAY);
    fill(1, ROOM + 1);
    expect(isRevoked("planner", NOW)).toBe(true);
  });

  it("is there again where the clock jumped past its end by ten years, and back", () => {
    index.add(revokes("ended", PLANNER, { untilSeconds: NOW + 60 }));
    now = NOW + 10 * 365 * DAY;
    fill(1, ROOM + 1);
    now = NOW;
    expect(isRevoked("planner", NOW)).toBe(true);
  });

  it("is looked for only when as much again has come as lives", () => {
    fill(0, ROOM);
    expect(reads).toBe(0);
    fill(ROOM, 2 * ROOM);
    expect(reads).toBe(1);
    fill(2 * ROOM, 4 * ROOM);
    expect(reads).toBe(2);
  });

  it("leaves as much room as before, where little lives", () => {
    for (let i = 0; i < ROOM; i++) index.add(revokes(`ended ${i}`, PLANNER, { untilSeconds: NOW }));
    wait(2 * DAY);
    fill(0, ROOM);
    expect([reads, index.has("ended 0")]).toEqual([1, false]);
  });
});
