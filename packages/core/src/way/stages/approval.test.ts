/** How a call finds the approval that it needs, or asks for one; what it stands on; and what is said where it cannot. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Allowed } from "../../decision/index.ts";
import type { KeptRequest, NewRequest, Reservation, SharedState } from "../../state/index.ts";
import { type Approver, thumbprintOf } from "../../token/index.ts";
import { ARGUMENTS, errorOf, ISSUER, NOW } from "../../world.fixture.ts";
import { approvalRules } from "../approvals/options.ts";
import { type Waiting, waitingAt } from "../approvals/waiting.fixture.ts";
import { ALICE, BY_ALICE, createScene, type Scene, settled, TOOLS } from "../point.fixture.ts";
import { shadowOf } from "../shadow.ts";
import { settleTaken } from "../taken.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

/** A state whose stores do one step otherwise. */
function changed<Store extends "approvals" | "spending">(
  store: Store,
  steps: (memory: SharedState[Store]) => Partial<SharedState[Store]>,
): (memory: SharedState) => SharedState {
  return (memory) => {
    const own = memory[store];
    // What begins anew while it is looked at stays a getter.
    return { ...memory, [store]: Object.defineProperties({ ...own }, Object.getOwnPropertyDescriptors(steps(own))) };
  };
}

describe("a call that the policies want approved", () => {
  it("waits with the request that there is, until people have said yes, and is on record with who they are, and by which keys", async () => {
    const at = await waitingAt(scene);
    const id = await at.call();
    expect(await at.call()).toBe(id);
    expect(await at.call(undefined, id)).toBe(id);
    await at.answer(id, "dana");
    expect(await at.decide({ approval: id })).toMatchObject({ outcome: "allowed" });
    const [jwk] = at.point.approvalRules.approvers.find(({ subject }) => subject === "dana")?.keys ?? [];
    const key = jwk && (await thumbprintOf(jwk));
    expect(at.audit.records.at(-1)).toMatchObject({
      approved: { request: id, by: [{ approver: { issuer: ISSUER, subject: "dana" }, answeredAtSeconds: NOW, key }] },
    });
    expect(await at.call(undefined, id)).toBe("approval_used");
    expect(await at.call()).not.toBe(id);
  });

  it("runs by an approval that was given back, though the same call was asked for anew meanwhile, or ran by that", async () => {
    const at = await waitingAt(scene);
    const approved = async (): Promise<[id: string, ran: Allowed]> => {
      const id = await at.call();
      await at.answer(id, "dana");
      return [id, (await at.decide()) as Allowed];
    };
    const giveBack = async (ran: Allowed): Promise<void> => {
      expect(ran.outcome).toBe("allowed");
      settleTaken(ran, true);
      await settled();
    };
    const [first, second] = [await approved(), await approved()];
    const last = await at.call();
    expect(new Set([first[0], second[0], last]).size).toBe(3);
    let again: Allowed | undefined;
    for (const [request, ran] of [first, second]) {
      await giveBack(ran);
      again = (await at.decide()) as Allowed;
      expect(at.audit.records.at(-1)).toMatchObject({ outcome: "allowed", approved: { request } });
      expect(await at.call()).toBe(last);
    }
    // A no of the newest is the last word.
    await at.answer(last, "dana", { answer: "no" });
    await giveBack(again as Allowed);
    expect(await at.call()).toMatch(/^[\w-]{22}$/);
  });

  it("does not run a second time by a yes that is sent once more, though it was asked for anew within the same second", async () => {
    const at = await waitingAt(scene);
    const hashes = new Set<string | undefined>();
    const yes: string[] = [];
    for (let times = 0; times < 3; times++) {
      const id = await at.call();
      hashes.add((await at.inbox.find(id))?.hash);
      for (const signed of yes) expect(await errorOf(at.inbox.answer(id, signed))).toHaveProperty("code");
      expect(await at.call()).toBe(id);
      const signed = await at.sign(id, "dana");
      yes.push(signed);
      await at.inbox.answer(id, signed);
      expect(await at.call()).toBe("allowed");
    }
    expect(hashes.size).toBe(3);
  });

  it("takes the stages of its approval and of what it costs, each under its own name", async () => {
    const at = await waitingAt(scene);
    const before = ["arguments", "token", "state", "agents", "grant", "context", "policy"];
    const pending = await at.decide();
    expect(Object.keys(pending.timings)).toEqual([...before, "spending", "approval", "total"]);
    await at.answer(await at.call(), "dana");
    const allowed = await at.decide();
    expect(Object.keys(allowed.timings)).toEqual([...before, "spending", "approval", "audit", "total"]);
  });

  it("asks anew where the request that it names lapsed, is of other arguments, or is none", async () => {
    const at = await waitingAt(scene);
    const id = await at.call();
    const other = await at.call({ ...ARGUMENTS, amount: 901 }, id);
    expect(other).not.toBe(id);
    expect(await at.call(undefined, "A".repeat(22))).toBe(id);
    at.now += 3600;
    const later = await at.call(undefined, id);
    expect([id, other]).not.toContain(later);
    expect(later).toMatch(/^[\w-]{22}$/);
  });

  it("asks anew where a store still has the request that it names, which ended, or may have forgotten its use", async () => {
    let found: KeptRequest | undefined;
    const moment = { notBefore: 0 };
    const stateOf = changed("approvals", (memory) => ({
      get notBefore() {
        return moment.notBefore;
      },
      find: async (id) => {
        found = (await memory.find(id)) ?? found;
        return found;
      },
    }));
    for (const pass of [
      (at: Waiting) => {
        at.now += 3600;
      },
      (at: Waiting) => {
        at.now += 10;
        moment.notBefore = NOW + 1;
      },
    ]) {
      moment.notBefore = 0;
      const at = await waitingAt(scene, { stateOf });
      const id = await at.call();
      expect(await at.answer(id, "dana")).toBe("approved");
      pass(at);
      const other = await at.call(undefined, id);
      expect(other).toMatch(/^[\w-]{22}$/);
      expect(other).not.toBe(id);
    }
  });

  it("asks anew where it makes the same of the same resource with other arguments: that is no call that became void", async () => {
    const tools = { send_payment: { kind: "payment", action: "send", id: "to" } };
    const at = await waitingAt(scene, { tools });
    const id = await at.call();
    expect(await at.call({ ...ARGUMENTS, amount: 901 }, id)).toMatch(/^[\w-]{22}$/);
  });

  it("asks anew where the row changed since the request that is named, and the record says what, and nobody else", async () => {
    let seen = 0;
    const attributes = (): object => ({ seen: ++seen, region: "EMEA" });
    const tools = { send_payment: { kind: "payment", action: "send", id: "to", attributes } };
    const at = await waitingAt(scene, { tools: tools as never });
    const id = await at.call();
    expect(at.audit.records.at(-1)).not.toHaveProperty("other");
    await at.answer(id, "dana");
    const again = await at.decide({ approval: id });
    expect(again).toMatchObject({ outcome: "pending" });
    expect(again).not.toMatchObject({ approval: { request: id } });
    expect(again).not.toHaveProperty("other");
    expect(at.audit.records.at(-1)).toMatchObject({
      outcome: "pending",
      other: { request: id, changed: ["/resource/attributes/seen"] },
    });
  });

  it("asks anew where a store names the request of another call, though that was approved", async () => {
    let other: string | undefined;
    const stateOf = changed("approvals", (memory) => ({
      latest: (call) => (other === undefined ? memory.latest(call) : memory.find(other)),
    }));
    const at = await waitingAt(scene, { stateOf });
    other = await at.call();
    expect(await at.answer(other, "dana")).toBe("approved");
    const asked = await at.call({ ...ARGUMENTS, amount: 901 });
    expect(asked).toMatch(/^[\w-]{22}$/);
    expect(asked).not.toBe(other);
  });

  it("is void where the tool's own schema made something else of the same arguments, and says why", async () => {
    const at = await waitingAt(scene);
    const first = await at.decide({}, { parsed: { ...ARGUMENTS, amount: 899 } });
    const id = first.outcome === "pending" ? first.approval.request : "";
    expect(await at.decide({ approval: id }, { parsed: { ...ARGUMENTS, amount: 898 } })).toMatchObject({
      code: "approval_void",
      message:
        "the tool's own schema made something else of the same arguments than when approval was asked for, so no approval can be of the call",
    });
    expect(await at.decide({ approval: id }, { parsed: { ...ARGUMENTS, amount: 899 } })).toMatchObject({
      outcome: "pending",
      approval: { request: id },
    });
  });

  it("asks anew, and is not void, where something else changed beside what the schema made", async () => {
    const at = await waitingAt(scene);
    const first = await at.decide({}, { parsed: { ...ARGUMENTS, amount: 899 } });
    const id = first.outcome === "pending" ? first.approval.request : "";
    const byAlice = await at.decide({ approval: id, caller: BY_ALICE }, { parsed: { ...ARGUMENTS, amount: 898 } });
    expect(byAlice).toMatchObject({ outcome: "pending" });
    expect(byAlice).not.toMatchObject({ approval: { request: id } });
  });

  it.each(["approvals", "spending"] as const)("is denied where the state keeps no %s, and says so", async (store) => {
    const at = await waitingAt(scene, { [store]: undefined as never });
    expect(await at.decide()).toMatchObject({
      code: "approval_required",
      hop: 0,
      reason: "large",
      message:
        'policy allows this to "alice" once a person has approved it, and this state keeps no requests for approvals',
    });
  });
});

describe("a call in shadow mode", () => {
  const shadow = () => shadowOf({ shadow: true, tools: TOOLS, onWarning: () => {} });

  it("does not wait and asks nobody, and is on record with what would have happened", async () => {
    const at = await waitingAt(scene, { shadow: shadow() });
    expect(await at.call()).toBe("allowed");
    expect([at.told, await at.inbox.list()]).toEqual([[], []]);
    expect(at.audit.records.at(-1)?.shadow).toMatchObject({
      code: "approval_required",
      message: 'policy allows this to "alice" once a person has approved it',
    });
  });

  it("runs by the approval that it names, and is ended by a no as always", async () => {
    const enforced = await waitingAt(scene);
    const at = await waitingAt(scene, { shadow: shadow(), stateOf: () => enforced.state });
    const id = await enforced.call();
    expect(await at.call(undefined, id)).toBe("allowed");
    await enforced.answer(id, "dana");
    expect(await at.call(undefined, id)).toBe("allowed");
    expect(await at.call(undefined, id)).toBe("approval_used");
    const other = await enforced.call();
    await enforced.answer(other, "dana", { answer: "no" });
    expect(await at.call(undefined, other)).toBe("approval_denied");
  });

  it("uses the approval that there is, also where it names none: enforced, no second call would run by it", async () => {
    const enforced = await waitingAt(scene);
    const at = await waitingAt(scene, { shadow: shadow(), stateOf: () => enforced.state });
    const noted = () => at.audit.records.at(-1)?.shadow?.code;
    const id = await enforced.call();
    expect([await at.call(), noted()]).toEqual(["allowed", "approval_required"]);
    await enforced.answer(id, "dana");
    expect([await at.call(), noted()]).toEqual(["allowed", undefined]);
    expect((await enforced.inbox.find(id))?.state).toBe("used");
    expect([await at.call(), noted()]).toEqual(["allowed", "approval_required"]);
    expect([await at.inbox.list(), at.told]).toMatchObject([[{ id }], []]);
    expect(await enforced.call()).not.toBe("allowed");
  });
});

describe("a request that is asked for", () => {
  it("is kept under the call that waits, after the one that is over", async () => {
    const seen: NewRequest[] = [];
    const keep = changed("approvals", (memory) => ({
      keep: (request) => {
        seen.push(request);
        return memory.keep(request);
      },
    }));
    const at = await waitingAt(scene, { stateOf: keep });
    const id = await at.call();
    await at.answer(id, "dana", { answer: "no" });
    at.now += 10;
    const next = await at.call();
    const call = seen[0]?.call;
    expect(call).toMatch(/^[\w-]{43}$/);
    expect(seen).toEqual([
      { id, call, text: expect.any(String), untilSeconds: NOW + 3600, nowSeconds: NOW },
      { id: next, call, after: id, text: expect.any(String), untilSeconds: NOW + 3610, nowSeconds: NOW + 10 },
    ]);
    expect(JSON.parse(seen[0]?.text ?? "")).not.toHaveProperty("id");
  });

  it("tells people of the one of the same call that is over, by word and in the inbox", async () => {
    const at = await waitingAt(scene);
    const id = await at.call();
    await at.answer(id, "dana", { answer: "no" });
    const next = await at.call();
    const other = await at.call({ ...ARGUMENTS, amount: 899 });
    expect(at.told.map((told) => [told.id, told.after])).toEqual([
      [id, undefined],
      [next, id],
      [other, undefined],
    ]);
    expect((await at.inbox.find(next))?.after).toBe(id);
    expect((await at.inbox.list()).map(({ after }) => after)).toEqual([undefined, id, undefined]);
  });

  it("takes room of its chain, in spans of the time that it may be answered", async () => {
    const seen: Reservation[] = [];
    const reserve = changed("spending", (memory) => ({
      reserve: (reservation) => {
        seen.push(reservation);
        return memory.reserve(reservation);
      },
    }));
    const at = await waitingAt(scene, { stateOf: reserve, maxWaiting: 2 });
    const id = await at.call();
    const begin = Math.floor(NOW / 3600) * 3600;
    const owner = JSON.stringify([ALICE.issuer, ALICE.subject]);
    const account = (of: string) => `asks ${JSON.stringify([of, 3600, begin])}`;
    expect(seen[0]).toEqual({
      id,
      owner,
      charges: [
        { account: account(scene.chain.id), counter: "requests", amount: 1, most: 2, untilSeconds: begin + 3630 },
        {
          account: `asks of user [3600,${begin}]`,
          counter: "requests",
          amount: 1,
          most: 200,
          untilSeconds: begin + 3630,
        },
      ],
      nowSeconds: NOW,
    });
    seen.length = 0;
    await at.decide({ caller: BY_ALICE });
    expect(seen[0]?.charges[0]?.account).toBe(account(""));
    expect(await at.call({ ...ARGUMENTS, amount: 901 })).toMatch(/^[\w-]{22}$/);
    expect(await at.decide({ arguments: { ...ARGUMENTS, amount: 902 } })).toMatchObject({
      code: "approval_limit",
      message: "2 requests of this chain wait, or did within the last 3600 s",
    });
  });

  it("takes room of its user, too, who may not fill the inbox by ever new chains", async () => {
    let chains = 0;
    const verifier = { verify: async () => ({ ...scene.chain, id: `chain ${chains}` }) };
    const at = await waitingAt(scene, { verifier: verifier as never, maxWaiting: 1 });
    const ofNewChain = () => at.decide({ arguments: { ...ARGUMENTS, amount: ++chains } });
    while (chains < 200) expect(await ofNewChain()).toMatchObject({ outcome: "pending" });
    expect(await ofNewChain()).toMatchObject({
      code: "approval_limit",
      message: "200 requests of this user, by all chains, wait, or did within the last 3600 s",
    });
    expect(await at.inbox.list()).toHaveLength(200);
  });

  it("gives a user as much room as one chain has, where that is more", async () => {
    const seen: Reservation[] = [];
    const stateOf = changed("spending", (memory) => ({
      reserve: (reservation) => {
        seen.push(reservation);
        return memory.reserve(reservation);
      },
    }));
    await (await waitingAt(scene, { stateOf, maxWaiting: 500 })).call();
    expect(seen[0]?.charges.map(({ most }) => most)).toEqual([500, 500]);
  });

  it("warns where nobody, or too few, could answer it: no approver is named, and no issuer may approve", async () => {
    let needed = 1;
    const warned = async (approvers: readonly Approver[], ...approvals: readonly (boolean | undefined)[]) => {
      let times = 0;
      const at = await waitingAt(scene);
      const { point } = at;
      const { warnOfTooFew } = approvalRules({ approvals: { approvers }, onWarning: () => void times++ });
      const rules = { ...point.approvalRules, approvers, warnOfTooFew };
      const [anchor] = point.trust;
      const trust = approvals.map((may) => ({ ...anchor, ...(may !== undefined && { approvals: may }) }));
      await (await waitingAt(scene, { approvalRules: rules, trust, approvers: needed } as never)).call();
      return times;
    };
    const { approvers } = (await waitingAt(scene)).point.approvalRules;
    expect([
      await warned([], undefined),
      await warned([], false),
      await warned([], true),
      await warned([], false, true),
      await warned(approvers, undefined),
    ]).toEqual([1, 1, 0, 0, 0]);
    needed = 3;
    expect([await warned(approvers, undefined), await warned(approvers, true)]).toEqual([1, 0]);
  });

  it("gives its room back where another instance asked for the same call at the same moment", async () => {
    const elsewhere = await waitingAt(scene);
    const id = await elsewhere.call();
    const kept = await elsewhere.state.approvals.find(id);
    const settledAs: unknown[] = [];
    let isDown = false;
    const racing = (memory: SharedState): SharedState => ({
      ...memory,
      approvals: { ...memory.approvals, latest: () => undefined, keep: () => id, find: () => kept },
      spending: {
        ...memory.spending,
        settle: (reservation, how) => {
          settledAs.push([reservation, how]);
          if (isDown) throw new Error("hunter2");
          return memory.spending.settle(reservation, how);
        },
      } as SharedState["spending"],
    });
    const at = await waitingAt(scene, { stateOf: racing });
    expect(await at.call()).toBe(id);
    expect(settledAs).toEqual([
      [expect.objectContaining({ id: expect.not.stringMatching(id), nowSeconds: NOW }), "nothing_happened"],
    ]);
    expect(at.told).toEqual([expect.objectContaining({ id, answers: [] })]);
    isDown = true;
    expect(await at.decide()).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(/^it could not be told whether one request less waits: the store of spending/),
    });
  });

  it("cannot be waited with where the one that another instance asked for is not there, or ended", async () => {
    const elsewhere = await waitingAt(scene);
    const id = await elsewhere.call();
    const ended = await elsewhere.state.approvals.find(id);
    for (const found of [undefined, ended]) {
      const stateOf = changed("approvals", () => ({ keep: () => id, find: () => found }));
      const at = await waitingAt(scene, { stateOf });
      at.now += 3600;
      expect(await at.decide()).toMatchObject({
        code: "state_unavailable",
        message: "the request that waits for the same call cannot be found",
      });
    }
  });
});

describe("where a store fails, it is said what cannot be told", () => {
  const fails = (): never => {
    throw new Error("hunter2");
  };

  it.each([
    ["approvals", "find", "the call was approved"],
    ["approvals", "latest", "the call waits already"],
    ["approvals", "keep", "the request was kept"],
    ["spending", "reserve", "more requests may wait"],
  ] as const)("%s.%s: %s", async (store, step, whether) => {
    const at = await waitingAt(scene, { stateOf: changed(store, () => ({ [step]: fails })) });
    expect(await at.decide({ approval: "A".repeat(22) })).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(new RegExp(`^it could not be told whether ${whether}: the store of `)),
    });
  });

  it("gives room back that was taken although the answer was lost", async () => {
    const lost = changed("spending", (memory) => ({
      reserve: async (reservation) => {
        await memory.reserve(reservation);
        return fails();
      },
    }));
    const at = await waitingAt(scene, { stateOf: lost });
    expect(await at.call()).toBe("state_unavailable");
    await settled();
    const asks = { account: `asks ${JSON.stringify([scene.chain.id, 3600, Math.floor(NOW / 3600) * 3600])}` };
    const owner = JSON.stringify([ALICE.issuer, ALICE.subject]);
    expect(await at.state.spending.spent(owner, [{ ...asks, counter: "requests" }])).toEqual([0]);
  });

  it("does not take room that came too late for a limit", async () => {
    const late = changed("spending", () => ({ reserve: () => ({ outcome: "withdrawn" }) as const }));
    expect(await (await waitingAt(scene, { stateOf: late })).decide()).toMatchObject({
      code: "state_unavailable",
      message: "the store was too late with the room for one more request",
    });
  });

  it("gives the room back of a request that was not kept, and no room of one that was", async () => {
    for (const isKept of [false, true]) {
      const settledAs: unknown[] = [];
      const losing = (memory: SharedState): SharedState => ({
        ...memory,
        approvals: {
          ...memory.approvals,
          keep: async (request) => {
            if (isKept) await memory.approvals.keep(request);
            return fails();
          },
        },
        spending: {
          ...memory.spending,
          settle: (reservation, how) => void settledAs.push([reservation.owner, how]),
        },
      });
      const at = await waitingAt(scene, { stateOf: losing });
      expect(await at.call()).toBe("state_unavailable");
      await settled();
      const owner = JSON.stringify([ALICE.issuer, ALICE.subject]);
      expect(settledAs).toEqual(isKept ? [] : [[owner, "nothing_happened"]]);
    }
  });
});
