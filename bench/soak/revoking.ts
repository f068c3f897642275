/** Revocations: of a token by the operator, of one by who made it, of an agent and of a key, which are lifted again. */
import { setTimeout as delay } from "node:timers/promises";
import type { RevocationTarget } from "@hopwise/core/state";
import { signRevocation, type Thumbprint, type TokenHash, thumbprintOf } from "@hopwise/core/tokens";
import { aCall, type Soak, send } from "./calls.ts";
import { aRoot, below, type Payer, tokenOf } from "./chains.ts";
import { oneOf } from "./spending.ts";
import { type Answer, LOG, type Task } from "./tasks.ts";

/** Mostly of a chain of its own; sometimes of one that many others spend at that moment. */
export async function revoking(soak: Soak): Promise<void> {
  const { lines, revoked } = soak;
  while (soak.goesOn()) {
    await delay(200 + Math.random() * 400);
    const line = lines.at(-1);
    const payer =
      line !== undefined && Math.random() < 0.3
        ? oneOf(line.payers.filter(({ held }) => held.agents.length > 1))
        : await below(await aRoot(soak.company), "buyer", soak.company);
    await send(soak, soak.fleet.any(), await aCall(payer, 1));
    if (!(await revoke(soak, payer))) continue;
    if (revoked.push(payer) > 100) revoked.shift();
    await everywhere(soak, payer);
    await send(soak, soak.fleet.any(), await aCall(oneOf(revoked), 1));
  }
}

/** After something died: nobody may have forgotten what was revoked. */
export async function probeRevoked(soak: Soak): Promise<void> {
  const probes = soak.revoked.slice(-10);
  await Promise.all(probes.map(async (payer) => send(soak, soak.fleet.any(), await aCall(payer, 1))));
}

async function revoke({ fleet, referee, company }: Soak, payer: Payer): Promise<boolean> {
  const token = tokenOf(payer) as TokenHash;
  const acknowledged = referee.revokes(`token ${token}`);
  // Its maker stands above it.
  const signs = { signer: company.agents.planner, of: { delegation: payer.held }, audience: LOG };
  const task: Task =
    Math.random() < 0.5
      ? { does: "revoke", target: { token } }
      : { does: "accept", signed: await signRevocation(signs) };
  const { code } = await fleet.any().ask(task);
  if (code === "done") acknowledged();
  return code === "done";
}

/** The intern is revoked, by name or by key, and lifted a little later. */
export async function revokingAndLifting(soak: Soak): Promise<void> {
  const { company, referee, fleet } = soak;
  const key: Thumbprint = await thumbprintOf(company.agents.intern.publicJwk);
  const targets = [
    [{ agent: "intern" }, "agent intern"],
    [{ key }, `key ${key}`],
  ] as const;
  for (let i = 0; soak.goesOn(); i++) {
    await delay(300 + Math.random() * 300);
    const payer = await below(await aRoot(company), "intern", company);
    await everywhere(soak, payer);
    const [target, name] = targets[i % 2] as (typeof targets)[number];
    const acknowledged = referee.revokes(name);
    if ((await fleet.any().ask({ does: "revoke", target })).code === "done") {
      acknowledged();
      await everywhere(soak, payer);
    }
    await liftAtLast(soak, target, name);
  }
}

/** Also what was not acknowledged: it may stand in the log all the same. */
async function liftAtLast({ referee, fleet, goesOn }: Soak, target: RevocationTarget, name: string): Promise<void> {
  let answer: Answer;
  do {
    await delay(200);
    const lifted = referee.lifts(name);
    answer = await fleet.any().ask({ does: "lift", target });
    if (answer.code === "done") lifted();
  } while (answer.code !== "done" && goesOn());
}

/** A call of its own at each process, all at once. */
async function everywhere(soak: Soak, payer: Payer): Promise<void> {
  await Promise.all(soak.fleet.up().map(async (to) => send(soak, to, await aCall(payer, 1))));
}
