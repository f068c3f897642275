/** What a chain may spend in all, on the real policies: counted at every level, at once, over renewals. */
import { type Decision, delegate, type HeldDelegation, memoryState } from "@hopwise/core";
import { grant, int, wildcard } from "@hopwise/core/grant";
import type { SpendingStore } from "@hopwise/core/state";
import type { BudgetBounds } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";
import { credentialFor } from "../support/forge.ts";
import { type World, worldHere } from "../support/world.ts";

const world = await worldHere();

const GRANT = grant({
  read_invoice: { id: wildcard() },
  send_payment: { to: wildcard(), amount: int({ min: -10_000, max: 10_000 }), currency: wildcard() },
});
const CAP: BudgetBounds = { sums: { send_payment: { amount: 1000 } } };
const seconds = (): number => Math.floor(Date.now() / 1000);

async function planners(budget: BudgetBounds, from = seconds() - 60, id = "2026-11"): Promise<HeldDelegation> {
  return world.issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: world.keys.planner,
    grant: GRANT,
    budget: { id, from, until: seconds() + 7200, ...budget },
  });
}

function scene(more: Parameters<World["authorizer"]>[0] = {}) {
  const state = memoryState({ since: 0 });
  const { authorizer, audit } = world.authorizer({ state, ...more });
  const pay = async (held: HeldDelegation, amount: unknown, at = authorizer) => {
    const args = { to: "Globex", amount, currency: "EUR" };
    return at.authorize({
      tool: "send_payment",
      arguments: args,
      credential: await credentialFor(held, "send_payment", args),
    });
  };
  return { authorizer, audit, state, pay };
}

const codeOf = (decision: Awaited<ReturnType<ReturnType<typeof scene>["pay"]>>): string =>
  decision.outcome === "denied" ? decision.code : decision.outcome;

describe("a budget", () => {
  it("lets three payments of 300 through under a cap of 1,000, and not a fourth, to the unit", async () => {
    const { pay, audit } = scene();
    const held = await planners(CAP);
    const first = await pay(held, 300);
    expect(first).toMatchObject({
      outcome: "allowed",
      left: { id: "2026-11", sums: { send_payment: { amount: 700 } } },
    });
    expect([codeOf(await pay(held, 300)), codeOf(await pay(held, 300))]).toEqual(["allowed", "allowed"]);
    const fourth = await pay(held, 101);
    expect(fourth).toMatchObject({
      outcome: "denied",
      code: "budget_exhausted",
      stage: "spending",
      hop: 1,
      pointer: "/budget/sums/send_payment/amount",
      rule: 'the budget of this token has 100 left of 1000 in "amount", and the call costs 101',
    });
    expect(codeOf(await pay(held, 100))).toBe("allowed");
    expect(audit.records.at(-1)?.left).toEqual({ id: "2026-11", sums: { send_payment: { amount: 0 } } });
  });

  it("is never overspent, however many spend at the same moment", async () => {
    const { pay } = scene();
    const held = await planners({ calls: 7, ...CAP });
    const codes = await Promise.all(Array.from({ length: 12 }, async () => codeOf(await pay(held, 100))));
    expect(codes.filter((code) => code === "allowed")).toHaveLength(7);
  });

  it("goes on where it was, once its root is issued anew", async () => {
    const { pay } = scene();
    await pay(await planners(CAP), 900);
    expect(codeOf(await pay(await planners(CAP), 900))).toBe("budget_exhausted");
    expect(codeOf(await pay(await planners(CAP, seconds() - 60, "2026-12"), 900))).toBe("allowed");
  });

  it("has more to spend by a root with a higher sum, and no more by those from before", async () => {
    const { pay } = scene();
    const before = await planners(CAP);
    await pay(before, 900);
    const raised = await pay(await planners({ sums: { send_payment: { amount: 2000 } } }), 900);
    expect(raised).toMatchObject({ outcome: "allowed", left: { sums: { send_payment: { amount: 200 } } } });
    expect(codeOf(await pay(before, 100))).toBe("budget_exhausted");
  });

  it("counts what a child spends against its parent, too, and its siblings' with it", async () => {
    const { authorizer } = scene();
    const read = async (held: HeldDelegation) => {
      const args = { id: "INV-9" };
      const credential = await credentialFor(held, "read_invoice", args);
      const decision = await authorizer.authorize({ tool: "read_invoice", arguments: args, credential, fulfils: true });
      return decision.outcome === "denied" ? [decision.code, decision.hop] : [decision.outcome];
    };
    const held = await planners({ calls: 3 });
    const child = async (calls: number) => {
      const { researcher } = world.keys;
      const order = { to: "researcher", grant: grant({ read_invoice: { id: wildcard() } }), budget: { calls } };
      return delegate(held, { ...order, holder: researcher });
    };
    const [one, other] = [await child(1), await child(2)];
    expect(await read(one)).toEqual(["allowed"]);
    expect(await read(one)).toEqual(["budget_exhausted", 2]);
    expect(await read(other)).toEqual(["allowed"]);
    expect(await read(held)).toEqual(["allowed"]);
    expect(await read(other)).toEqual(["budget_exhausted", 1]);
    // One that was made anew begins anew, within what its maker has.
    expect(await read(await child(3))).toEqual(["budget_exhausted", 1]);
  });

  it.each<[string, unknown, string]>([
    ["a negative amount", -900, "grant_argument_refused"],
    ["a fraction", 10.5, "grant_argument_refused"],
  ])("does not take %s", async (_, amount, code) => {
    const { pay } = scene();
    expect(codeOf(await pay(await planners(CAP), amount))).toBe(code);
  });

  it("gives back what a call took that could not be recorded, and that by the tool's word did nothing", async () => {
    const state = memoryState({ since: 0 });
    const { authorizer: unrecorded } = scene({
      state,
      audit: {
        record: () => {
          throw new Error("disk full");
        },
      },
    });
    const { authorizer, pay } = scene({ state });
    const held = await planners(CAP);
    expect(codeOf(await pay(held, 900, unrecorded))).toBe("audit_unavailable");
    const allowed = await pay(held, 900);
    if (allowed.outcome !== "allowed") throw new Error("it was not allowed");
    await authorizer.report(allowed, { outcome: "failed", nothingHappened: true });
    const again = await pay(held, 900);
    if (again.outcome !== "allowed") throw new Error(`it was ${codeOf(again)}`);
    await authorizer.report(again, { outcome: "failed" });
    expect(codeOf(await pay(held, 900))).toBe("budget_exhausted");
  });

  it("is not there before it begins", async () => {
    const { pay, authorizer } = scene();
    const from = seconds() + 600;
    const held = await planners(CAP, from);
    const denied = await pay(held, 1);
    expect(denied).toMatchObject({ code: "budget_exhausted", rule: "the budget begins later" });
    const [begins, now] = timesIn(denied);
    expect(denied).toHaveProperty("message", expect.stringMatching(/\(budget\.from\), and it is .*; call again then/));
    expect(begins).toBe(from * 1000);
    expect(now).toBeLessThan(from * 1000);
    const whole = { id: "2026-11", sums: { send_payment: { amount: 1000 } } };
    const leftOf = async (of: HeldDelegation) => (await authorizer.openSession(of)).budgetLeft();
    expect(await leftOf(held)).toEqual({ ...whole, from });
    expect(await leftOf(await planners(CAP))).toEqual(whole);
  });

  it("counts as spent where it began before the store did, and when the store loses what it knew", async () => {
    const since = Date.now() - 1000;
    const { pay } = scene({ state: memoryState({ since }) });
    const from = Math.floor(since / 1000) - 60;
    const denied = await pay(await planners(CAP, from), 1);
    expect(denied).toMatchObject({
      code: "budget_exhausted",
      rule: expect.stringContaining("began before this store began to count"),
      message: expect.stringContaining("use a store that outlives the process"),
    });
    expect(timesIn(denied)).toEqual([from * 1000, since]);
    const state = memoryState({ since: 0 });
    let notBefore = 0;
    const spending: SpendingStore = {
      ...state.spending,
      get notBefore() {
        return notBefore;
      },
      reserve: (reservation) => {
        notBefore = seconds();
        return state.spending.reserve(reservation);
      },
    };
    const losing = scene({ state: { ...state, spending } });
    expect(codeOf(await losing.pay(await planners(CAP), 1))).toBe("budget_exhausted");
  });
});

/** The times that a refusal names, in milliseconds since the epoch. */
function timesIn(decision: Decision): readonly number[] {
  const { message = "" } = decision as { readonly message?: string };
  return (message.match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? []).map((time) => Date.parse(time));
}

describe("a rate", () => {
  it("counts calls of a chain, a user and an agent, each by itself, and none that was denied", async () => {
    const state = memoryState({ since: 0 });
    const rates = (of: "chain" | "user" | "agent", calls: number) => [{ of, calls, perSeconds: 86_400 }];
    const held = await planners({ calls: 100 });
    const other = await planners({ calls: 100 });
    const ofChain = scene({ state, rates: rates("chain", 1) });
    expect([codeOf(await ofChain.pay(held, 1)), codeOf(await ofChain.pay(held, 1))]).toEqual([
      "allowed",
      "rate_exceeded",
    ]);
    expect(codeOf(await ofChain.pay(other, 1))).toBe("allowed");
    const ofUser = scene({ state, rates: rates("user", 2) });
    expect(codeOf(await ofUser.pay(held, 9999))).toBe("policy_denied");
    const codes = [await ofUser.pay(held, 1), await ofUser.pay(other, 1), await ofUser.pay(other, 1)].map(codeOf);
    expect(codes).toEqual(["allowed", "allowed", "rate_exceeded"]);
    const ofAgent = scene({ state, rates: rates("agent", 1) });
    expect([codeOf(await ofAgent.pay(held, 1)), codeOf(await ofAgent.pay(other, 1))]).toEqual([
      "allowed",
      "rate_exceeded",
    ]);
  });
});
