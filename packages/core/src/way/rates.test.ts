/** Which counters a call is counted in, by the rates of its enforcement point. */
import { beforeAll, describe, expect, it } from "vitest";
import { NOW, PAY } from "../world.fixture.ts";
import type { Caller } from "./call.ts";
import { ALICE, codeOf, createScene, decide, payment, type Scene } from "./point.fixture.ts";
import { type Rate, rateAccounts } from "./rates.ts";

let scene: Scene;
let caller: Caller;
beforeAll(async () => {
  scene = await createScene();
  caller = { user: ALICE, chain: scene.chain };
});

const AT = { nowSeconds: () => NOW, audience: [PAY] };
const RATE: Rate = { of: "user", calls: 4, perSeconds: 3600 };

/** All counters, each with whose it is. */
function countersOf(rates: readonly Rate[], { by = caller, at = AT } = {}): readonly string[] {
  const { own, ofAgents } = rateAccounts(rates, by, at as never);
  return [...own, ...ofAgents].map(({ account, counter }) => `${account} ${counter}`);
}

describe("a counter is of", () => {
  it("one rate of one enforcement point, of one user, chain or agent, in one window", () => {
    const other: Caller = {
      ...caller,
      user: { ...ALICE, subject: "bob" },
      chain: { ...scene.chain, id: "B" as never },
    };
    const all = [
      ...countersOf([RATE]),
      ...countersOf([{ ...RATE, calls: 5 }]),
      ...countersOf([{ ...RATE, perSeconds: 1800 }]),
      ...countersOf([{ ...RATE, of: "chain" }]),
      ...countersOf([{ ...RATE, of: "agent" }]),
      ...countersOf([RATE, { ...RATE, of: "chain" }], { by: other }),
      ...countersOf([RATE], { at: { ...AT, audience: ["https://docs.acme.example/mcp"] } }),
      ...countersOf([RATE], { at: { ...AT, nowSeconds: () => NOW + 3600 } }),
    ];
    expect(all).toHaveLength(10); // two agents are in the chain
    expect(new Set(all).size).toBe(all.length);
  });

  it("all chains of one user, or one of them, or of one agent with whoever calls", () => {
    const other: Caller = { ...caller, chain: { ...scene.chain, id: "B" as never } };
    const isOneFor = (of: Rate["of"]) =>
      countersOf([{ ...RATE, of }]).join() === countersOf([{ ...RATE, of }], { by: other }).join();
    expect([isOneFor("user"), isOneFor("chain"), isOneFor("agent")]).toEqual([true, false, true]);
  });

  it("no chain and no agent, where a user calls without: all of their calls are one chain's", () => {
    const alone: Caller = { user: ALICE, chain: undefined };
    const begin = Math.floor(NOW / 3600) * 3600;
    expect(
      countersOf(
        [
          { ...RATE, of: "chain" },
          { ...RATE, of: "agent" },
        ],
        { by: alone },
      ),
    ).toEqual([`rate ${JSON.stringify([PAY, "chain", 4, 3600, begin, ""])} calls`]);
    expect(rateAccounts([], alone, AT as never)).toEqual({ own: [], ofAgents: [] });
  });

  it("the whole window, and outlives it by as much as clocks differ", () => {
    const begin = Math.floor(NOW / 3600) * 3600;
    const within = [begin, begin + 1, begin + 3599.9].map((now) =>
      countersOf([RATE], { at: { ...AT, nowSeconds: () => now } }),
    );
    expect(new Set(within.flat()).size).toBe(1);
    const [charge] = rateAccounts([RATE], caller, AT as never).own;
    expect(charge).toMatchObject({
      amount: 1,
      most: 4,
      untilSeconds: begin + 3600 + 30,
      rate: { endsAt: begin + 3600 },
    });
  });
});

describe("two rates of one window", () => {
  const codes = async (rates: readonly Rate[], calls: number): Promise<readonly string[]> => {
    const { point } = scene.point({ rates });
    const outcomes: string[] = [];
    for (let i = 0; i < calls; i++) outcomes.push(codeOf(await decide(payment(scene.inSession), point)));
    return outcomes;
  };
  const allowed = (calls: number, of: number): readonly string[] =>
    Array.from({ length: of }, (_, i) => (i < calls ? "allowed" : "rate_exceeded"));

  it.each(["user", "chain", "agent"] as const)(
    "of each %s let as many calls through as the stricter one",
    async (of) => {
      const [strict, loose]: Rate[] = [
        { of, calls: 4, perSeconds: 3600 },
        { of, calls: 10, perSeconds: 3600 },
      ] as const;
      for (const rates of [
        [strict, loose],
        [loose, strict],
      ] as const) {
        expect(await codes(rates as readonly Rate[], 6)).toEqual(allowed(4, 6));
      }
    },
  );

  it.each(["user", "chain", "agent"] as const)("of each %s that say the same count each call once", async (of) => {
    const rates: readonly Rate[] = [
      { of, calls: 4, perSeconds: 3600 },
      { perSeconds: 3600, calls: 4, of },
    ];
    expect(countersOf(rates)).toEqual(countersOf(rates.slice(0, 1)));
    expect(await codes(rates, 6)).toEqual(allowed(4, 6));
  });
});
