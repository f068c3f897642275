/** How a call of the soak is made, sent and told to the referee; and who sends one again that was sent before. */
import { setTimeout as delay } from "node:timers/promises";
import { type Credential, prove } from "@hopwise/core/tokens";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { type Company, costsOf, type Line, type Payer } from "./chains.ts";
import type { Fleet, Instance } from "./fleet.ts";
import type { Played, Referee } from "./referee.ts";
import type { Answer, Call } from "./tasks.ts";

/** What everything that goes on at once in the soak shares. */
export interface Soak {
  readonly company: Company;
  readonly fleet: Fleet;
  readonly referee: Referee;
  readonly past: Sent[];
  /** The newest budgets. */
  readonly lines: Line[];
  /** What was revoked, and that acknowledged. */
  readonly revoked: Payer[];
  /** Why calls were denied, in words, and how often. */
  readonly reasons: Map<string, number>;
  goesOn(): boolean;
}

/** A call, with its proof. */
export interface Sent {
  readonly call: Call;
  readonly played: Played;
}

export type More = Pick<Call, "approval" | "comesToNothing">;

let made = 0;
export async function aCall(payer: Payer, amount: number, more: More = {}): Promise<Sent> {
  const call = { tool: "send_payment", arguments: { to: "Globex", amount, currency: "EUR" } };
  const credential: Credential = await prove(payer.held, { ...call, audience: PAY_SERVER });
  const { standsOn } = payer;
  const played = { proof: `proof ${made++}`, standsOn, costs: costsOf(payer, amount) };
  return { call: { ...call, credential, ...more }, played: { ...played, ...more } };
}

/** So many are remembered, to be sent again. */
const MOST_PAST = 3000;

export async function send({ referee, past, reasons }: Soak, to: Instance, sent: Sent): Promise<Answer> {
  if (past.push(sent) > MOST_PAST) past.shift();
  const ended = referee.begins(sent.played);
  const answer = await to.ask({ does: "call", call: sent.call });
  ended(answer.code);
  const reason = `${answer.code}: ${answer.code === "pending" ? "" : answer.value}`.replace(/\d+/g, "N");
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  // Nobody hammers at what is down: it would come back later.
  if (answer.code.endsWith("_unavailable")) await delay(Math.random() * 500);
  return answer;
}

/** Sends what was sent before, at whatever process, until its proof is too old and a little longer. */
export async function replaying(soak: Soak): Promise<void> {
  const { fleet, past, goesOn } = soak;
  while (goesOn()) {
    await delay(Math.random() * 200);
    const sent = past[Math.floor(Math.random() * past.length)];
    if (sent !== undefined) await send(soak, fleet.any(), sent);
  }
}

/** Sends the newest of what was sent before again, at once, at all processes that are up: right after something died. */
export async function replayNewest(soak: Soak): Promise<void> {
  const newest = soak.past.slice(-4);
  await Promise.all(soak.fleet.up().flatMap((to) => newest.map((sent) => send(soak, to, sent))));
}
