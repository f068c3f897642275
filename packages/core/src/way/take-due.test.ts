/** What comes after the policies: room in the budget, people's approval, what the call costs; and who is told that it waits. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ToolMap } from "../resource/index.ts";
import type { SharedState } from "../state/index.ts";
import type { Budget, Chain } from "../token/index.ts";
import { ARGUMENTS, NOW } from "../world.fixture.ts";
import { admit } from "./admission.ts";
import { type WaitingOptions, waitingAt } from "./approvals/waiting.fixture.ts";
import type { IncomingCall } from "./call.ts";
import { ALICE, BY_ALICE, createScene, payment, type Scene, settled, TOOLS } from "./point.fixture.ts";
import { shadowOf } from "./shadow.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const OWNER = JSON.stringify([ALICE.issuer, ALICE.subject]);

/** A budget at every token of the chain. */
function withBudget(budget: Budget): WaitingOptions {
  const chain: Chain = { ...scene.chain, links: scene.chain.links.map((link) => ({ ...link, budget })) };
  return { verifier: { verify: async () => chain } };
}

const SMALL: Budget = { id: "small", from: NOW, until: NOW + 600, sums: { send_payment: { amount: 100 } } };

describe("people are asked", () => {
  it("for no call that its budget has no room for, and for any other, which spends once it runs", async () => {
    const at = await waitingAt(scene, withBudget(SMALL));
    expect(await at.call()).toBe("budget_exhausted");
    expect([at.told, await at.inbox.list()]).toEqual([[], []]);
    const id = await at.call({ ...ARGUMENTS, amount: 60 });
    await at.answer(id, "dana");
    expect(await at.call({ ...ARGUMENTS, amount: 60 })).toBe("allowed");
    expect(await at.call({ ...ARGUMENTS, amount: 60 })).toBe("budget_exhausted");
  });

  it.each([
    ["begins later", { ...SMALL, from: NOW + 1 }],
    ["began before the store, which may have forgotten what was spent", { ...SMALL, from: NOW - 1 }],
  ])("for no call whose budget %s", async (_, budget) => {
    const since = (memory: SharedState): SharedState => ({
      ...memory,
      spending: { ...memory.spending, notBefore: NOW },
    });
    const at = await waitingAt(scene, { ...withBudget(budget), stateOf: since });
    expect(await at.call({ ...ARGUMENTS, amount: 60 })).toBe("budget_exhausted");
    expect([at.told, await at.inbox.list()]).toEqual([[], []]);
  });

  it("for no call in shadow mode, which runs also where its budget has no room", async () => {
    const shadow = shadowOf({ shadow: true, tools: TOOLS, onWarning: () => {} });
    const at = await waitingAt(scene, { ...withBudget(SMALL), shadow });
    expect(await at.call()).toBe("allowed");
    expect(at.audit.records.at(-1)?.shadow).toMatchObject({ code: "budget_exhausted" });
  });
});

describe("who is told of a request", () => {
  it("is told once, with what was answered, and once it is on record", async () => {
    const at = await waitingAt(scene);
    const id = await at.call();
    expect(at.told).toHaveLength(1);
    await at.call();
    await at.answer(id, "dana", { answer: "no" });
    expect(at.told).toEqual([expect.objectContaining({ id, state: "waiting", answers: [], user: "alice" })]);
    expect(at.told[0]?.invocation).toBe(at.audit.records[0]?.invocation);
  });

  it("is told nothing of one that is not on record", async () => {
    const record = (): never => {
      throw new Error("no disk");
    };
    const at = await waitingAt(scene, { audit: { record } });
    expect(await at.call()).toBe("audit_unavailable");
    expect(at.told).toEqual([]);
  });

  it("may be nobody", async () => {
    const at = await waitingAt(scene);
    const { onRequest: _, ...approvalRules } = at.point.approvalRules;
    const silent = await waitingAt(scene, { approvalRules });
    expect(await silent.call()).toMatch(/^[\w-]{22}$/);
    // Nothing was counted for telling, so that an instance that has somebody to tell may.
    const telling = { account: `approval ${(await silent.inbox.list())[0]?.id}`, counter: "told" };
    expect(await silent.state.spending.spent(OWNER, [telling])).toEqual([0]);
  });

  it("is told by the next call where it could not be told whether somebody was", async () => {
    const settledAs: unknown[] = [];
    let isLost = true;
    const losing = (memory: SharedState): SharedState => ({
      ...memory,
      spending: {
        ...memory.spending,
        reserve: async (reservation) => {
          const reserved = await memory.spending.reserve(reservation);
          if (isLost && reservation.charges.some(({ counter }) => counter === "told")) throw new Error("lost");
          return reserved;
        },
        settle: (reservation, how) => {
          settledAs.push([reservation, how]);
          return memory.spending.settle(reservation, how);
        },
      },
    });
    const at = await waitingAt(scene, { stateOf: losing });
    const id = await at.call();
    await settled();
    const { invocation } = at.audit.records[0] ?? {};
    expect(settledAs).toEqual([[{ id: `${id}.${invocation}`, owner: OWNER, nowSeconds: NOW }, "nothing_happened"]]);
    expect(at.told).toEqual([]);
    isLost = false;
    await at.call();
    await at.call();
    expect(at.told.map((request) => request.id)).toEqual([id]);
  });

  it("changes nothing by throwing", async () => {
    const at = await waitingAt(scene);
    const onRequest = (): never => {
      throw new Error("hunter2");
    };
    const failing = await waitingAt(scene, { approvalRules: { ...at.point.approvalRules, onRequest } });
    expect(await failing.call()).toMatch(/^[\w-]{22}$/);
  });
});

describe("what was sent, where the tool map has a projection", () => {
  const PROJECTED: ToolMap = {
    send_payment: { kind: "payment", action: "send", projection: () => ({ to: "***", amount: 1 }) },
  };

  it("is what a session's call is approved for, though policies see the projection alone", async () => {
    const at = await waitingAt(scene, { tools: PROJECTED });
    expect(await at.call({ ...ARGUMENTS, amount: 901 })).not.toBe(await at.call());
  });

  it("can be approved only where it is plain data", async () => {
    const at = await waitingAt(scene, { tools: PROJECTED });
    expect(await at.call({ ...ARGUMENTS, amount: 5n })).toBe("approval_void");
  });

  it.each<[string, Partial<IncomingCall>, ToolMap]>([
    ["of a session, where there is no projection", {}, TOOLS],
    ["of a session, as the tool's schema read it", { read: true }, PROJECTED],
    ["over the wire", { caller: BY_ALICE }, PROJECTED],
  ])("is what was copied when it came, whatever becomes of it since: %s", async (_, more, tools) => {
    const at = await waitingAt(scene, { tools });
    const became = async (change: object): Promise<unknown> => {
      const sent = { ...ARGUMENTS };
      const admitted = await admit(payment(scene.inSession, { ...more, arguments: sent }), at.point);
      if (admitted.outcome !== "admitted") return admitted;
      Object.assign(sent, change);
      const decision = await admitted.decide({});
      return decision.outcome === "pending" ? decision.approval.request : decision;
    };
    expect(await became({ amount: 901 })).toBe(await became({}));
  });
});
