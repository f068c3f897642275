/** What a call costs, and until when that is remembered. */
import { beforeEach, describe, expect, it } from "vitest";
import { NOW, PAY } from "../../testing.fixture.ts";
import { type Budget, type Chain, DEFAULT_LIMITS } from "../../token/index.ts";
import { ALICE, codeOf, createScene, type Scene } from "../point.fixture.ts";
import { type Costs, takeCosts } from "./spending.ts";

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
