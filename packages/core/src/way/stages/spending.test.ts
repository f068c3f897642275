/** What a call costs, and until when that is remembered. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { HopwiseError } from "../../errors.ts";
import { isoOf } from "../../lib/index.ts";
import type { Charge, Reservation, SpendingStore } from "../../state/index.ts";
import { type Budget, type Chain, DEFAULT_LIMITS } from "../../token/index.ts";
import { errorOf, NOW, PAY } from "../../world.fixture.ts";
import { ALICE, codeOf, createScene, type Parts, type Scene } from "../point.fixture.ts";
import type { Rate } from "../rates.ts";
import { type Costs, costsNothing, refuseExhausted, type Taken, takeCosts } from "./spending.ts";

let scene: Scene;
let now = NOW;
beforeEach(async () => {
  now = NOW;
  scene = await createScene();
});

const CAP: Budget = { id: "payments", from: NOW, until: NOW + 600, sums: { send_payment: { amount: 1000 } } };

/** A point whose clock goes on, and a payment there by the holder of one root. */
function payments() {
  const { point } = scene.point({ clock: () => now * 1000 });
  return async (amount: number, budget: Budget): Promise<string> => {
    const chain = { id: "root", links: [{ hash: "root", budget }], rootAudience: [PAY] } as unknown as Chain;
    const costs: Costs = {
      caller: { user: ALICE, audience: PAY, chain } as never,
      tool: "send_payment",
      arguments: { amount },
      invocation: crypto.randomUUID(),
      approval: [],
      lets: () => false,
    };
    const taken = await takeCosts(costs, point);
    return "settle" in taken
      ? `${taken.left?.sums?.["send_payment"]?.["amount"]} left`
      : codeOf({ outcome: "", ...taken });
  };
}

/** What a call takes there, of a chain with these budgets, one a token, and with whatever else is changed. */
function taking(parts: Parts = {}) {
  const { point } = scene.point({ clock: () => now * 1000, ...parts });
  return {
    point,
    costs: (budgets: readonly Budget[], more: Partial<Costs> = {}): Costs => ({
      caller: { user: ALICE, audience: PAY, chain: chainOf(budgets) } as never,
      tool: "send_payment",
      arguments: { amount: 10 },
      invocation: "invocation-1",
      approval: [],
      lets: () => false,
      ...more,
    }),
  };
}

function chainOf(budgets: readonly Budget[]): Chain | undefined {
  if (budgets.length === 0) return undefined;
  const links = budgets.map((budget, i) => ({ hash: `token ${i}`, expiresAt: NOW + 60, budget }));
  return { id: "root", links, rootAudience: [PAY] } as unknown as Chain;
}

describe("whether a budget has room, before people are asked", () => {
  it("is told without taking anything, by what was spent before", async () => {
    const { point, costs } = taking();
    for (let i = 0; i < 3; i++)
      expect(await refuseExhausted(costs([CAP], { arguments: { amount: 1000 } }), point)).toBeUndefined();
    await takeCosts(costs([CAP], { arguments: { amount: 990 } }), point);
    expect(await refuseExhausted(costs([CAP]), point)).toBeUndefined();
    expect(await refuseExhausted(costs([CAP], { arguments: { amount: 11 } }), point)).toMatchObject({
      code: "budget_exhausted",
      hop: 1,
      pointer: "/budget/sums/send_payment/amount",
      rule: 'the budget of this token has 10 left of 1000 in "amount", and the call costs 11',
      wouldPass: { grantableBy: 0, accepts: 'at most 10 in "amount"' },
    });
  });

  it("is told of the first token that has none", async () => {
    const { point, costs } = taking();
    const tighter = { ...CAP, sums: { send_payment: { amount: 5 } } };
    expect(await refuseExhausted(costs([CAP, tighter]), point)).toMatchObject({
      hop: 2,
      message: 'the budget of this token has 5 left of 5 in "amount", and the call costs 10',
    });
  });

  it("names the bound that has none, since a token may have several", async () => {
    const { point, costs } = taking();
    const budget = { ...CAP, calls: 1, sums: { send_payment: { amount: 1000, fee: 5 } } };
    const args = { amount: 10, fee: 6 };
    expect(await refuseExhausted(costs([budget], { arguments: args }), point)).toMatchObject({
      rule: 'the budget of this token has 5 left of 5 in "fee", and the call costs 6',
      wouldPass: { accepts: 'at most 5 in "fee"' },
    });
    await takeCosts(costs([budget], { arguments: { ...args, fee: 1 } }), point);
    expect(await refuseExhausted(costs([budget], { arguments: { ...args, fee: 1 } }), point)).toMatchObject({
      rule: "the budget of this token has no call left of 1",
      wouldPass: { accepts: "no call" },
    });
  });

  it("is no question where there is no budget, or nothing that counts: then nothing is taken later", async () => {
    const spent = (): never => {
      throw new Error("hunter2");
    };
    const { state } = scene.point().point;
    const failing = taking({ spending: { ...(state.spending as SpendingStore), spent } });
    expect(await refuseExhausted(failing.costs([]), failing.point)).toBeUndefined();
    const { point, costs } = taking({ spending: undefined as never });
    expect(await refuseExhausted(costs([CAP]), point)).toBeUndefined();
    expect(await errorOf(refuseExhausted(failing.costs([CAP]), failing.point))).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/^it could not be told whether enough is left: the store of spending/),
    });
  });
});

describe("what a call costs is not taken", () => {
  it.each<[string, Budget, number, object]>([
    [
      "before its budget begins",
      { ...CAP, from: NOW + 5 },
      0,
      {
        rule: "the budget begins later",
        message: `the budget begins later: at ${isoOf(NOW + 5)} (budget.from), and it is ${isoOf(NOW)}; call again then, or have a root issued whose budget has begun`,
      },
    ],
    [
      "where the store may have forgotten what was spent",
      CAP,
      NOW + 1,
      {
        rule: "the budget began before this store began to count, which may have forgotten what was spent",
        message: `the budget began before this store began to count, which may have forgotten what was spent: budget.from is ${isoOf(NOW)}, and the store counts since ${isoOf(NOW + 1)}; use a store that outlives the process, or have a root issued with a budget of another id that begins after the store did`,
      },
    ],
  ])("%s, and says what to do", async (_, budget, notBefore, refusal) => {
    const { spending } = scene.point().point.state;
    const { point, costs } = taking({ spending: { ...(spending as SpendingStore), notBefore } });
    const expected = {
      code: "budget_exhausted",
      hop: 1,
      pointer: "/budget/sums/send_payment/amount",
      ...refusal,
    };
    expect(await takeCosts(costs([budget]), point)).toMatchObject(expected);
    // Before people are asked, too: their yes would not help.
    expect(await refuseExhausted(costs([budget]), point)).toMatchObject(expected);
  });

  it.each([
    ["no", { code: "approval_denied", message: "somebody who may approve the call said no" }],
    ["used", { code: "approval_used", message: "the approval was used before: it is good for one call" }],
  ])("where the approval is over: %s", async (counter, refusal) => {
    const { point, costs } = taking();
    const charge = { account: "approval a", counter, untilSeconds: NOW + 60 };
    await takeCosts(costs([], { invocation: "before", approval: [{ ...charge, amount: 1, most: 1 }] }), point);
    const approval = [{ ...charge, amount: counter === "no" ? 0 : 1, most: counter === "no" ? 0 : 1 }];
    expect(await takeCosts(costs([], { approval }), point)).toMatchObject(refusal);
  });

  it("where nothing counts it, or the store took it back before", async () => {
    const none = taking({ spending: undefined as never });
    expect(await errorOf(takeCosts(none.costs([CAP]), none.point))).toMatchObject({
      code: "state_unavailable",
      message: "this state counts nothing",
    });
    const { spending } = scene.point().point.state;
    const reserve = () => ({ outcome: "withdrawn" }) as const;
    const late = taking({ spending: { ...(spending as SpendingStore), reserve } });
    expect(await takeCosts(late.costs([CAP]), late.point)).toMatchObject({
      code: "state_unavailable",
      message: "the store was too late with what the call costs",
    });
  });

  it("unless the store counts since just when the budget begins", async () => {
    const { spending } = scene.point().point.state;
    const { point, costs } = taking({ spending: { ...(spending as SpendingStore), notBefore: NOW } });
    expect(await takeCosts(costs([CAP]), point)).toHaveProperty("settle");
  });

  it("where the store noticed while it was asked that it lost what it knew: then it is given back", async () => {
    const { spending } = scene.point().point.state;
    const settled: unknown[] = [];
    const losing = {
      ...(spending as SpendingStore),
      notBefore: 0,
      reserve: (reservation: Reservation) => {
        losing.notBefore = NOW + 1;
        return (spending as SpendingStore).reserve(reservation);
      },
      settle: ({ id }: { readonly id: string }, how: string) => void settled.push([id, how]),
    };
    const { point, costs } = taking({ spending: losing });
    expect(await takeCosts(costs([CAP]), point)).toMatchObject({ code: "budget_exhausted" });
    expect(settled).toEqual([["invocation-1.0", "nothing_happened"]]);
  });
});

describe("what did not run is given back", () => {
  it.each(["reserve", "settle"] as const)("also where the store failed to answer one %s", async (step) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { spending } = scene.point().point.state;
    const memory = spending as SpendingStore;
    let isDown = false;
    const down = (): void => {
      if (isDown) throw new Error("hunter2");
    };
    const failing: SpendingStore = {
      ...memory,
      reserve: async (reservation) => {
        const reserved = await memory.reserve(reservation);
        isDown = step === "reserve";
        down();
        return reserved;
      },
      settle: (...settled) => {
        down();
        return memory.settle(...settled);
      },
    };
    const { point, costs } = taking({ spending: failing });
    const used = { account: "approval a", counter: "used", amount: 1, most: 1, untilSeconds: NOW + 60 };
    const taken = takeCosts(costs([], { approval: [used] }), point);
    if (step === "reserve") expect(await taken).toMatchObject({ code: "state_unavailable" });
    else {
      const { settle } = (await taken) as Taken;
      isDown = true;
      settle("nothing_happened");
    }
    const owner = JSON.stringify([ALICE.issuer, ALICE.subject]);
    expect(await memory.spent(owner, [used])).toEqual([1]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(await memory.spent(owner, [used])).toEqual([0]);
  });
});

describe("what there is to count", () => {
  const USER: Rate = { of: "user", calls: 1, perSeconds: 3600 };
  const AGENT: Rate = { ...USER, of: "agent" };
  const charge: Charge = { account: "approval a", counter: "used", amount: 1, most: 1, untilSeconds: NOW + 60 };
  /** A point with these rates, and what its store is asked. */
  const watched = (rates: readonly Rate[]) => {
    const { spending } = scene.point().point.state;
    const asked: unknown[] = [];
    const { reserve } = spending as SpendingStore;
    const noting = {
      ...(spending as SpendingStore),
      reserve: (reservation: Reservation) => {
        asked.push([reservation.id, reservation.owner, reservation.charges.length]);
        return reserve(reservation);
      },
      settle: ({ id }: { readonly id: string }, how: string) => void asked.push([id, how]),
    };
    return { asked, ...taking({ spending: noting, rates }) };
  };
  const byAgents = (budget?: Budget): Costs["caller"] => {
    const links = ["planner", "researcher"].map((agent) => ({
      agent,
      hash: agent,
      expiresAt: NOW + 60,
      ...(budget && { budget }),
    }));
    return { user: ALICE, audience: PAY, chain: { id: "root", links, rootAudience: [PAY] } } as never;
  };
  const OWNER = JSON.stringify([ALICE.issuer, ALICE.subject]);

  it("is a budget, a rate, or an approval; without any, nothing is asked, nor needed", async () => {
    const { point, costs } = taking();
    const isNothing = (of: Costs, rates: readonly Rate[] = []) => costsNothing(of, { ...point, rates });
    expect([
      isNothing(costs([CAP])),
      isNothing(costs([]), [USER]),
      isNothing(costs([], { approval: [charge] })),
    ]).toEqual([false, false, false]);
    const noBudget = { user: ALICE, audience: PAY, chain: { links: [] } } as never;
    expect([isNothing(costs([])), isNothing(costs([], { caller: noBudget }))]).toEqual([true, true]);
    const none = taking({ spending: undefined as never });
    expect(await takeCosts(none.costs([]), none.point)).toMatchObject({ left: undefined });
  });

  it("is one step of the user's, and one of each agent whose rate it is", async () => {
    const { asked, point, costs } = watched([USER, AGENT]);
    expect(await takeCosts(costs([], { caller: byAgents(CAP) }), point)).toMatchObject({
      left: { sums: { send_payment: { amount: 990 } } },
    });
    expect(asked).toEqual([
      ["invocation-1.0", OWNER, 2],
      ["invocation-1.1", "agent planner", 1],
      ["invocation-1.2", "agent researcher", 1],
    ]);
    const alone = watched([AGENT]);
    await takeCosts(alone.costs([], { caller: byAgents() }), alone.point);
    expect(alone.asked).toEqual([
      ["invocation-1.0", "agent planner", 1],
      ["invocation-1.1", "agent researcher", 1],
    ]);
  });

  it("is given back, all of it, where one rate has no room, and it is said which", async () => {
    const { asked, point, costs } = watched([{ ...USER, calls: 5 }, AGENT]);
    await takeCosts(costs([], { caller: byAgents(), invocation: "before" }), point);
    asked.length = 0;
    expect(await takeCosts(costs([], { caller: byAgents() }), point)).toMatchObject({
      code: "rate_exceeded",
      message: "there were more calls than the rate allows: at most 1 call in 3600 seconds of one agent",
      rule: "at most 1 call in 3600 seconds of one agent",
      wouldPass: { accepts: `a call from ${new Date((Math.floor(NOW / 3600) + 1) * 3_600_000).toISOString()} on` },
    });
    expect(asked).toEqual([
      ["invocation-1.0", OWNER, 1],
      ["invocation-1.1", "agent planner", 1],
      ...["invocation-1.0", "invocation-1.1", "invocation-1.2"].map((id) => [id, "nothing_happened"]),
    ]);
  });

  it("is not asked of a store for a budget that it cannot vouch for", async () => {
    const { asked, point, costs } = watched([]);
    expect(await takeCosts(costs([{ ...CAP, from: NOW + 5 }]), point)).toMatchObject({ code: "budget_exhausted" });
    expect(asked).toEqual([]);
  });
});

describe("in shadow mode, what does not let the call be is left out, and the rest is taken", () => {
  const lets = ({ code }: HopwiseError): boolean => code === "budget_exhausted" || code.startsWith("grant_argument_");
  const TIGHT: Budget = { ...CAP, calls: 5, sums: { send_payment: { amount: 100, fee: 100 } } };
  const left = async ({ point, costs }: ReturnType<typeof taking>) => {
    const taken = await takeCosts(costs([TIGHT], { arguments: { amount: 0, fee: 0 }, invocation: "after" }), point);
    return "left" in taken ? taken.left : taken;
  };

  it.each([
    ["too much of one sum", { amount: 101, fee: 30 }, { calls: 3, sums: { send_payment: { amount: 100, fee: 70 } } }],
    ["too much of two", { amount: 101, fee: 101 }, { calls: 3, sums: { send_payment: { amount: 100, fee: 100 } } }],
    [
      "what cannot be added up",
      { amount: "x", fee: 30 },
      { calls: 3, sums: { send_payment: { amount: 100, fee: 70 } } },
    ],
    ["what is missing", { fee: 30 }, { calls: 3, sums: { send_payment: { amount: 100, fee: 70 } } }],
  ])("%s", async (_, args, rest) => {
    const at = taking();
    expect(await takeCosts(at.costs([TIGHT], { arguments: args as never, lets }), at.point)).toHaveProperty("settle");
    expect(await left(at)).toMatchObject(rest);
  });

  it("of the token that it is of, not of another one with a bound of the same name", async () => {
    const at = taking();
    const tighter: Budget = { ...TIGHT, sums: { send_payment: { amount: 40, fee: 100 } } };
    const taken = await takeCosts(at.costs([TIGHT, tighter], { arguments: { amount: 50, fee: 0 }, lets }), at.point);
    expect(taken).toHaveProperty("settle");
    expect(await left(at)).toMatchObject({ sums: { send_payment: { amount: 50 } } });
  });

  it("but what another part than the budget refuses ends the call", async () => {
    const at = taking();
    const used = [{ account: "approval a", counter: "used", amount: 1, most: 0, untilSeconds: NOW + 60 }];
    const letsAll = (): boolean => true;
    expect(
      await takeCosts(at.costs([TIGHT], { approval: used, arguments: { amount: 1, fee: 1 }, lets: letsAll }), at.point),
    ).toMatchObject({
      code: "approval_used",
    });
    const { spending } = at.point.state;
    const reserve = () => Promise.reject(new Error("hunter2"));
    const failing = taking({ spending: { ...(spending as SpendingStore), reserve } });
    const costs = failing.costs([TIGHT], { arguments: { amount: 1, fee: 1 }, lets });
    expect(await takeCosts(costs, failing.point)).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/^it could not be told whether enough is left: the store of spending/),
    });
  });
});

describe("a budget of one id", () => {
  it("is spent for every root that was issued before its end, though that root says a later one", async () => {
    const pay = payments();
    expect(await pay(1000, CAP)).toBe("0 left");
    const later = { ...CAP, until: NOW + 600 + DEFAULT_LIMITS.lifetimeSeconds };
    for (const seconds of [599, 601, 800, 600 + DEFAULT_LIMITS.lifetimeSeconds - 1]) {
      now = NOW + seconds;
      expect(await pay(1, later), `${seconds} seconds later`).toBe("budget_exhausted");
    }
  });

  it("is spent by no call before it begins: a store that loses what it knew would vouch for it", async () => {
    const pay = payments();
    const from = (seconds: number): Budget => ({ ...CAP, from: NOW + seconds, id: `from ${seconds}` });
    expect(await pay(1, from(1))).toBe("budget_exhausted");
    expect(await pay(1, from(86_400))).toBe("budget_exhausted");
    expect(await pay(1, from(0))).toBe("999 left");
    now = NOW + 1;
    expect(await pay(1000, from(1))).toBe("0 left");
  });
});
