/** Shadow mode on the real policies: budgets, rates and approvals, what is kept of them, and what stays refused. */
import { type AuthorizerOptions, generateSigner, type HeldDelegation, memoryState } from "@hopwise/core";
import { grant, int, wildcard } from "@hopwise/core/grant";
import { allowAll } from "@hopwise/core/testing";
import { type BudgetBounds, signApproval } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";
import { ISSUER, tools } from "../../examples/finance-team/company.ts";
import { credentialFor } from "../support/forge.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
const dana = await generateSigner();

const GRANT = grant({
  send_payment: { to: wildcard(), amount: int({ min: -10_000, max: 10_000 }), currency: wildcard() },
});
const seconds = (): number => Math.floor(Date.now() / 1000);

function held(subject: string, budget?: BudgetBounds): Promise<HeldDelegation> {
  const from = seconds() - 60;
  const whole = budget && { budget: { id: "2026-11", from, until: seconds() + 7200, ...budget } };
  return world.issuer.issue({ subject, agent: "planner", holder: world.keys.planner, grant: GRANT, ...whole });
}

/** Several authorizers on one state: one that enforces, and one in shadow mode. */
function scene(options: Partial<AuthorizerOptions> = {}) {
  const own = {
    state: memoryState({ since: 0 }),
    approvals: { approvers: [{ issuer: ISSUER, subject: "dana", keys: [dana.publicJwk] }] },
    onWarning: () => {},
    ...options,
  };
  const at = (more: Partial<AuthorizerOptions>) => {
    const { authorizer, audit } = world.authorizer({ ...own, ...more });
    const pay = async (by: HeldDelegation, amount: unknown, approval?: string) => {
      const args = { to: "Globex", amount, currency: "EUR" };
      const credential = await credentialFor(by, "send_payment", args);
      return authorizer.authorize({ tool: "send_payment", arguments: args, credential, approval, fulfils: true });
    };
    return { authorizer, audit, pay };
  };
  return { enforcing: at({}), shadow: at({ shadow: ["send_payment"] }) };
}

const would = (code: string) => ({ outcome: "allowed", enforced: false, shadow: { code } });

describe("a budget that has too little left", () => {
  const CAP: BudgetBounds = { sums: { send_payment: { amount: 1000 } }, calls: 10 };

  it("lets the call run, says what would have happened, and counts what it still can", async () => {
    const { enforcing, shadow } = scene();
    const chain = await held("alice", CAP);
    expect(await shadow.pay(chain, 900)).toMatchObject({ outcome: "allowed", left: { calls: 9 } });
    const second = await shadow.pay(chain, 900);
    expect(second).toMatchObject({
      ...would("budget_exhausted"),
      shadow: { stage: "spending", hop: 1, pointer: "/budget/sums/send_payment/amount" },
      // The calls are counted all the same; the sum has the first payment alone.
      left: { calls: 8 },
    });
    expect(shadow.audit.records.at(-1)).toMatchObject(would("budget_exhausted"));
    expect(await shadow.pay(chain, 100)).toMatchObject({
      outcome: "allowed",
      left: { calls: 7, sums: { send_payment: { amount: 0 } } },
    });
    expect(await enforcing.pay(chain, 1)).toMatchObject({ outcome: "denied", code: "budget_exhausted" });
  });

  it("lets a call run that it cannot add up, and takes nothing away by it", async () => {
    // The real policies' schema knows no such amount.
    const { shadow } = scene({ cerbos: allowAll() });
    const chain = await held("alice", CAP);
    expect(await shadow.pay(chain, -500)).toMatchObject({ ...would("grant_argument_refused"), left: { calls: 9 } });
    const next = await shadow.pay(chain, 400);
    expect(next).toMatchObject({ left: { calls: 8, sums: { send_payment: { amount: 600 } } } });
    expect(next).not.toHaveProperty("shadow");
  });

  it("lets a call run that the store cannot vouch for", async () => {
    const { shadow } = scene({ state: memoryState({ since: Date.now() - 30_000 }) });
    expect(await shadow.pay(await held("alice", CAP), 1)).toMatchObject(would("budget_exhausted"));
  });

  it("does not open the rates, which stand in shadow mode", async () => {
    const { shadow } = scene({ rates: [{ of: "user", calls: 2, perSeconds: 86_400 }] });
    const chain = await held("alice", { calls: 1 });
    const outcomes = [await shadow.pay(chain, 1), await shadow.pay(chain, 1), await shadow.pay(chain, 1)];
    expect(outcomes).toMatchObject([
      { outcome: "allowed" },
      would("budget_exhausted"),
      { outcome: "denied", code: "rate_exceeded" },
    ]);
  });

  it("gives back what a call took that was then denied, or of which nothing came", async () => {
    const { shadow } = scene({ rates: [{ of: "agent", calls: 3, perSeconds: 86_400 }] });
    const chain = await held("alice", CAP);
    await shadow.pay(chain, 900);
    const second = await shadow.pay(chain, 900);
    if (second.outcome !== "allowed") throw new Error("it was not allowed");
    await shadow.authorizer.report(second, { outcome: "failed", nothingHappened: true });
    expect(await shadow.pay(chain, 100)).toMatchObject({ left: { calls: 8 } });
  });
});

describe("a call that people must approve", () => {
  const DEAR = 5000;

  it("runs without them: nobody is asked, and no request is kept", async () => {
    const told: unknown[] = [];
    const approvals = { approvers: [], onRequest: (request: unknown) => void told.push(request) };
    const { shadow } = scene({ approvals });
    const carols = await held("carol");
    expect(await shadow.pay(carols, DEAR)).toMatchObject({
      ...would("approval_required"),
      shadow: { stage: "policy", hop: 0, reason: "payments above 2000 need a second person" },
    });
    expect(await shadow.authorizer.approvals.list()).toEqual([]);
    expect(told).toEqual([]);
  });

  it("runs also where it names a request that is of another call, or that nobody answered yet", async () => {
    const { enforcing, shadow } = scene();
    const carols = await held("carol");
    const asked = await enforcing.pay(carols, DEAR);
    if (asked.outcome !== "pending") throw new Error(`it was ${asked.outcome}`);
    const { request } = asked.approval;
    expect(await shadow.pay(carols, DEAR, request)).toMatchObject(would("approval_required"));
    expect(await shadow.pay(carols, DEAR - 1, request)).toMatchObject(would("approval_required"));
    expect(await shadow.authorizer.approvals.list()).toMatchObject([{ id: request, state: "waiting" }]);
  });

  it("uses an approval that is there, once, and a no ends it as always", async () => {
    const { enforcing, shadow } = scene();
    const carols = await held("carol");
    const answered = async (answer: "yes" | "no"): Promise<string> => {
      const asked = await enforcing.pay(carols, DEAR);
      if (asked.outcome !== "pending") throw new Error(`it was ${asked.outcome}`);
      const id = asked.approval.request;
      const found = await enforcing.authorizer.approvals.find(id);
      if (found === undefined) throw new Error("no such request");
      await enforcing.authorizer.approvals.answer(
        id,
        await signApproval({ signer: dana, request: found.request, answer }),
      );
      return id;
    };
    const yes = await answered("yes");
    const first = await shadow.pay(carols, DEAR, yes);
    expect(first.outcome).toBe("allowed");
    expect(first).not.toHaveProperty("shadow");
    expect(await shadow.pay(carols, DEAR, yes)).toMatchObject({ outcome: "denied", code: "approval_used" });
    const no = await answered("no");
    expect(await shadow.pay(carols, DEAR, no)).toMatchObject({ outcome: "denied", code: "approval_denied" });
  });
});

it("a tool that is not in shadow mode is enforced beside one that is", async () => {
  const { shadow } = scene();
  const args = { id: "INV-9" };
  const credential = await credentialFor(await held("alice"), "read_invoice", args);
  const read = await shadow.authorizer.authorize({ tool: "read_invoice", arguments: args, credential, fulfils: true });
  expect(read).toMatchObject({ outcome: "denied", code: "grant_tool_missing" });
  expect(Object.keys(tools)).toContain("read_invoice");
});
