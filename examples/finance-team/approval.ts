/** A payment that waits for a manager who is no part of the chain. */
import { createMcpClient } from "@hopwise/ai-sdk/mcp";
import { operatorView } from "@hopwise/core";
import { signApproval } from "@hopwise/core/tokens";
import type { Cast } from "./cast.ts";
import { PAY_SERVER } from "./company.ts";
import { agentCalls } from "./model.ts";
import { expect, note, tree } from "./print.ts";

const PAYMENT = { to: "Globex", amount: 5000, currency: "EUR" };

export async function paymentThatWaits({
  audit,
  authorizer,
  payments,
  carolsPlanner,
  danaKey,
  url,
}: Cast): Promise<void> {
  const before = payments.length;
  const transport = { type: "http", url } as const;
  const client = { transport, delegation: carolsPlanner, audience: PAY_SERVER };
  const mcp = await createMcpClient(client);
  const pay = async (by = mcp): Promise<string> => agentCalls(await by.tools(), PAYMENT);
  const last = () => audit.records.findLast(({ tool }) => tool === "send_payment");

  const waits = await pay();
  const asked = last();
  if (asked !== undefined) tree(operatorView(asked));
  note(`carol's planner asks; its model reads: ${waits.slice(0, 150)}…`);
  expect(asked?.outcome === "pending" && payments.length === before, "it waits, and nothing was paid");

  const [waiting] = await authorizer.approvals.list();
  if (waiting === undefined) throw new Error("no request waits");
  const { request, user, arguments: args } = waiting;
  note(`dana, who manages finance, is shown: ${request.tool} ${JSON.stringify(args)} for ${user}: ${request.reason}`);
  const { state } = await authorizer.approvals.answer(
    waiting.id,
    await signApproval({ signer: danaKey, request, answer: "yes" }),
  );
  expect(state === "approved", "she signs: approved, for just this call");

  await pay();
  const ran = last();
  if (ran !== undefined) tree(operatorView(ran));
  expect(ran?.outcome === "allowed" && payments.length === before + 1, "the same call again: paid, once");
  expect(ran?.approved?.by[0]?.approver.subject === "dana", "on record with who approved it");

  // Another client, whose program says that it was approved, which it was.
  const other = await createMcpClient({ ...client, approvals: () => waiting.id });
  const again = await pay(other);
  note(`once more, by that approval; the model reads: ${again}`);
  expect(last()?.code === "approval_used" && payments.length === before + 1, "an approval is good for one call");
  await Promise.all([mcp.close(), other.close()]);
}
