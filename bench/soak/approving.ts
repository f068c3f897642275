/** Payments that wait for dana, who answers at one process; they are then tried at several at once, and again later. */
import { setTimeout as delay } from "node:timers/promises";
import { type ApprovalRequest, signApproval } from "@hopwise/core/tokens";
import { aCall, type Soak, send } from "./calls.ts";
import { aRoot, below, type Payer } from "./chains.ts";

export async function approving(soak: Soak): Promise<void> {
  while (soak.goesOn()) {
    await delay(Math.random() * 400);
    await approval(soak);
  }
}

async function approval(soak: Soak): Promise<void> {
  const { company, fleet, referee } = soak;
  const payer = await carols(soak);
  // Above what the policies let through without an answer, and within carol's limit.
  const amount = 4000 + Math.floor(Math.random() * 1000);
  const { code, value } = await send(soak, fleet.any(), await aCall(payer, amount));
  if (code !== "pending") return;
  const id = String(value);
  const use = async (comesToNothing = false): Promise<unknown> => {
    const more = comesToNothing ? { approval: id, comesToNothing: true as const } : { approval: id };
    return send(soak, fleet.any(), await aCall(payer, amount, more));
  };
  await use(); // it still waits
  const found = await fleet.any().ask({ does: "find", request: id });
  if (found.code !== "done" || found.value === undefined) return;
  const answer = Math.random() < 0.2 ? "no" : "yes";
  const signed = await signApproval({ signer: company.dana, request: found.value as ApprovalRequest, answer });
  const answered = await fleet.any().ask({ does: "answer", request: id, signed });
  if (answer === "no" && answered.code === "done") referee.denies(id);
  await Promise.all([use(Math.random() < 0.3), use(), use()]);
  await delay(Math.random() * 2000);
  await use();
}

/** Of one agent, or of two with a budget that is enough for one payment and not for two. */
async function carols({ company }: Soak): Promise<Payer> {
  if (Math.random() < 0.5) return aRoot(company, { subject: "carol" });
  const from = Math.floor(Date.now() / 1000);
  const sums = { send_payment: { amount: 7000 } };
  const root = await aRoot(company, {
    subject: "carol",
    budget: { id: crypto.randomUUID(), from, until: from + 7200, sums },
  });
  return below(root, "buyer", company);
}
