import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { memoryReplay } from "./replay.ts";

/** A memory whose clock stands where it is put, in seconds. */
function memory(options: { maxProofs?: number; since?: number } = {}) {
  const at = { now: 0 };
  const replay = memoryReplay({ ...options, clock: () => at.now * 1000 });
  return { replay, at };
}

describe("the memory of proofs", () => {
  it("lets a proof through once, and never again while it lives", () => {
    const { replay, at } = memory();
    expect(replay.claim("key.a", 1000)).toBe(true);
    expect(replay.claim("key.a", 1000)).toBe(false);
    expect(replay.claim("key.a", 9000)).toBe(false);
    at.now = 999;
    expect(replay.claim("key.a", 1000)).toBe(false);
  });

  it("tells proofs apart by holder and by name, each exactly", () => {
    const { replay } = memory();
    expect(["a.1", "b.1", "a.2", "A.1", "a.1 ", ""].map((key) => replay.claim(key, 1000))).toEqual(Array(6).fill(true));
  });

  it("lets one of many through that come at the same moment", async () => {
    const { replay } = memory();
    const claims = await Promise.all(Array.from({ length: 100 }, async () => replay.claim("a", 1000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it("forgets a proof not before it can do no more harm", () => {
    const { replay, at } = memory();
    expect(replay.claim("a", 1000)).toBe(true);
    at.now = 1000;
    expect(replay.claim("a", 2000)).toBe(true);
  });

  it("still knows a proof that lives long behind one that lapsed, and one that lapsed behind a living one", () => {
    const { replay, at } = memory();
    expect(replay.claim("short", 1000)).toBe(true);
    expect(replay.claim("long", 5000)).toBe(true);
    expect(replay.claim("short too", 1000)).toBe(true);
    at.now = 2000;
    expect(replay.claim("long", 9000)).toBe(false);
    expect(replay.claim("short too", 9000)).toBe(true); // it lapsed, whatever came before it
  });

  it("throws where it is full, rather than forget a living proof, and has room again when proofs lapsed", () => {
    const { replay, at } = memory({ maxProofs: 2 });
    expect([replay.claim("a", 1000), replay.claim("b", 1000)]).toEqual([true, true]);
    expect(() => replay.claim("c", 1000)).toThrow("more than 2 live proofs");
    expect(replay.claim("a", 1000)).toBe(false);
    expect(() => replay.claim("c", 1000)).toThrow("more than 2 live proofs");
    at.now = 1000;
    expect(replay.claim("c", 2000)).toBe(true);
  });

  it("stays as small as what lives, however many proofs come", () => {
    const { replay, at } = memory({ maxProofs: 100 });
    const claims = Array.from({ length: 10_000 }, (_, i) => {
      at.now = i;
      return replay.claim(`p${i}`, i + 50);
    });
    expect(claims.every((first) => first === true)).toBe(true);
  });

  it("keeps what it knows where the clock jumps back", () => {
    const { replay, at } = memory();
    at.now = 10_000;
    expect(replay.claim("a", 20_000)).toBe(true);
    at.now = 0;
    expect(replay.claim("a", 20_000)).toBe(false);
  });

  it("lets nothing through that was made no later than what it forgot, whatever the windows, and wherever the clock jumps", async () => {
    const { replay, at } = memory();
    at.now = 100;
    expect([
      replay.claim("a", 160, { madeAtSeconds: 100 }),
      replay.claim("later", 165, { madeAtSeconds: 105 }),
    ]).toEqual([true, true]);
    at.now = 160;
    expect(replay.claim("of a longer window", 3760, { madeAtSeconds: 101 })).toBe(true);
    expect([
      replay.claim("a", 3760, { madeAtSeconds: 100 }),
      replay.claim("another of that time", 3760, { madeAtSeconds: 99 }),
    ]).toEqual([false, false]);
    at.now = 101; // set back: what lapses is counted from now again
    expect(await errorOf(() => replay.claim("a", 161, { madeAtSeconds: 100 }))).toMatchObject({
      code: "state_unavailable",
      message:
        "the clock was ahead when this store forgot proofs, and was set back since: for 1 second more it cannot tell whether one was used before",
    });
    expect(replay.claim("b", 161, { madeAtSeconds: 101 })).toBe(true);
  });

  it("asks for no time of a nonce, whose end is its own", () => {
    const { replay, at } = memory();
    expect(replay.claim("a", 1000, { madeAtSeconds: 900 })).toBe(true);
    at.now = 1000;
    expect(replay.claim("nonce", 1001)).toBe(true);
    at.now = 2000;
    expect(replay.claim("b", 3000, { madeAtSeconds: 901 })).toBe(true);
  });

  it("vouches for no proof that was made before it began, to the millisecond", () => {
    expect(memory({ since: 5000 }).replay.notBefore).toBe(5);
    expect(memory({ since: 5001 }).replay.notBefore).toBe(5.001);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("forgets nothing where its clock says %d", (time) => {
    const { replay, at } = memory();
    expect(replay.claim("a", 1000)).toBe(true);
    at.now = time;
    expect(() => replay.claim("b", 1000)).toThrow("the clock gave no time");
    at.now = 0;
    expect(replay.claim("a", 1000)).toBe(false);
  });

  it("is shared by nobody who did not share it", () => {
    expect(memory().replay.claim("a", 1000)).toBe(true);
    expect(memory().replay.claim("a", 1000)).toBe(true);
  });
});

describe("a memory that is made", () => {
  it("remembers a tenth of its proofs for one root, and a quarter for one user, unless something else is said", async () => {
    const claimed = async (options: object, about: object): Promise<number> => {
      const { claim } = memoryReplay({ since: 0, clock: () => 0, maxProofs: 18, ...options });
      for (let i = 0; i < 19; i++) {
        try {
          await claim(`${i}`, 60, about);
        } catch {
          return i;
        }
      }
      return 19;
    };
    expect([await claimed({}, { root: "r" }), await claimed({}, { owner: "o" }), await claimed({}, {})]).toEqual([
      2, 5, 18,
    ]);
    expect(await claimed({ maxProofsOfRoot: 7 }, { root: "r" })).toBe(7);
    expect(await claimed({ maxProofsOfUser: 8 }, { owner: "o" })).toBe(8);
  });

  it("began at a time in milliseconds, or forgot nothing", async () => {
    for (const since of [0, 1_760_000_000_000, Number.MAX_SAFE_INTEGER]) {
      expect(memoryReplay({ since }).notBefore).toBe(since / 1000);
    }
    for (const since of [
      "0",
      null,
      Number.NaN,
      -1,
      1_760_000_000,
      Number.MAX_SAFE_INTEGER + 1,
      Number.POSITIVE_INFINITY,
    ]) {
      expect(await errorOf(() => memoryReplay({ since: since as never })), String(since)).toMatchObject({
        code: "config_invalid",
        pointer: "/since",
      });
    }
  });
});

it("what ended no later than what was forgotten is not good again, where the clock went ahead and back", async () => {
  let now = 1000;
  const { claim } = memoryReplay({ since: 0, clock: () => now * 1000 });
  await claim("later", 1020);
  await claim("earlier", 1010);
  now = 1030;
  expect(await claim("now", 1040)).toBe(true);
  now = 1000;
  const before = [
    ["earlier", 1010],
    ["later", 1020],
    ["another", 1015],
  ] as const;
  for (const [key, until] of before) {
    expect(await errorOf(() => claim(key, until))).toMatchObject({ code: "state_unavailable" });
  }
  expect(await claim("another", 1020.5)).toBe(true);
});
