/** A budget: what a planner may spend in all, and what the agents below it spend of it. */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { delegate, type HeldDelegation, operatorView } from "@hopwise/core";
import { exact, grant, int, wildcard } from "@hopwise/core/grant";
import type { Cast } from "./cast.ts";
import { PAY_SERVER } from "./company.ts";
import { agentCalls } from "./model.ts";
import { expect, note, tree } from "./print.ts";

/** No grant keeps an agent from making several payments of 900. */
const PAYS = grant({ send_payment: { to: wildcard(), amount: int({ min: 1, max: 1000 }), currency: exact("EUR") } });

export async function threePayments({ audit, issuer, payments, payers, planner, url }: Cast): Promise<void> {
  const before = payments.length;
  const now = Math.floor(Date.now() / 1000);
  const budget = { id: "payments/2026-11", from: now, until: now + 3600, sums: { send_payment: { amount: 1000 } } };
  const order = { subject: "alice", agent: "planner", holder: planner.signer };
  const capped = await issuer.issue({ ...order, grant: PAYS, budget });
  const travel = await delegate(capped, { to: "travel", holder: payers.travel, grant: PAYS });
  const orders = await delegate(capped, { to: "orders", holder: payers.orders, grant: PAYS });

  const pay = async (delegation: HeldDelegation, amount: number) => {
    const mcp = await createMcpClient({ transport: { type: "http", url }, delegation, audience: PAY_SERVER });
    const read = await agentCalls(await mcp.tools(), { to: "Globex", amount, currency: "EUR" });
    await mcp.close();
    const record = audit.records.findLast(({ tool }) => tool === "send_payment");
    if (record !== undefined) tree(operatorView(record));
    return { read, record };
  };

  note("alice's planner may spend 1,000 in all; it hands payments on to two agents, travel and orders");
  const first = await pay(travel, 900);
  const left = first.record?.left?.sums?.["send_payment"]?.["amount"];
  expect(first.record?.outcome === "allowed" && left === 100, "travel pays 900, and 100 are left");

  const second = await pay(orders, 900);
  note(`the model of orders reads: ${second.read}`);
  const isSpent = ({ record }: typeof first) => record?.code === "budget_exhausted" && record.hop === 1;
  expect(isSpent(second), "orders pays 900: stopped by the planner's budget, of which its sibling spent");

  const third = await pay(capped, 900);
  expect(isSpent(third), "the planner itself pays 900: what it handed on is spent for it, too");

  const rest = await pay(orders, 100);
  expect(rest.record?.outcome === "allowed", "the 100 that are left may be paid, by any of them");
  expect(payments.length === before + 2, "three payments of 900 were asked for, and one was made");
}
