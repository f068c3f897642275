/** The chains of the soak: budgets over several levels, siblings, renewals; each with what the referee must know of it. */
import {
  createIssuer,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  type Signer,
  serialize,
} from "@hopwise/core";
import { grant, int, wildcard } from "@hopwise/core/grant";
import { type Budget, type BudgetBounds, thumbprintOf } from "@hopwise/core/tokens";
import { ISSUER, PAY_SERVER } from "../../examples/finance-team/company.ts";
import { hashOf } from "../../test/support/forge.ts";
import type { Cost } from "./referee.ts";

const AGENTS = ["planner", "buyer", "clerk", "intern"] as const;
export type AgentName = (typeof AGENTS)[number];

/** Who makes chains, and who answers requests: all keys, of which processes are told the public ones. */
export interface Company {
  readonly issuer: Issuer;
  readonly agents: { readonly [Name in AgentName]: Signer };
  readonly dana: Signer;
}

export async function makeCompany(): Promise<Company> {
  const signer = await generateSigner();
  const subjects = ["alice", "carol"];
  const issuer = await createIssuer({ issuer: ISSUER, signer, audiences: [PAY_SERVER], subjects, tools: "any" });
  const keys = await Promise.all(AGENTS.map(async (name) => [name, await generateSigner()] as const));
  return { issuer, agents: Object.fromEntries(keys) as Company["agents"], dana: await generateSigner() };
}

/** A delegation, and what the referee must know of it. */
export interface Payer {
  readonly held: HeldDelegation;
  /** Its tokens, agents and keys, by the names under which they are revoked. */
  readonly standsOn: readonly string[];
  readonly bounds: readonly Bound[];
}

interface Bound extends Omit<Cost, "amount"> {
  readonly of: "calls" | "amount";
}

/** A budget, and all who spend it. */
export interface Line {
  readonly budget: Budget;
  readonly payers: readonly Payer[];
}

const PAY = grant({ send_payment: { to: wildcard(), amount: int({ min: 1, max: 10_000 }), currency: wildcard() } });

/** The hash of the last token, which its revocation names. */
export function tokenOf({ held }: Payer): string {
  return hashOf(serialize(held).split("~").at(-1) as string);
}

/** A root of a user's, for the planner or another agent. */
export async function aRoot(
  { issuer, agents }: Company,
  { subject = "alice", agent = "planner" as AgentName, budget = undefined as Budget | undefined } = {},
): Promise<Payer> {
  const order = { subject, agent, holder: agents[agent], grant: PAY };
  const held = await issuer.issue({ ...order, ...(budget && { budget }) });
  // A root that is issued anew spends what the last one left.
  return standing(held, [], budget && boundsOf(budget.id, budget));
}

/** What a payer hands on to another agent. */
export async function below(above: Payer, to: AgentName, { agents }: Company, budget?: BudgetBounds): Promise<Payer> {
  const held = await delegate(above.held, { to, holder: agents[to], grant: PAY, ...(budget && { budget }) });
  const bounds = budget && boundsOf(hashOf(serialize(held).split("~").at(-1) as string), budget);
  return standing(held, above.bounds, bounds);
}

/** What a root may spend. */
export const CAP = 1000;

/** A new budget of alice's: its root, two of its children, and a grandchild, each with less. */
export async function aLine(company: Company): Promise<Line> {
  const from = Math.floor(Date.now() / 1000);
  const sums = (amount: number): BudgetBounds => ({ sums: { send_payment: { amount } } });
  const budget = { id: crypto.randomUUID(), from, until: from + 7200, calls: 60, ...sums(CAP) };
  const root = await aRoot(company, { budget });
  const one = await below(root, "buyer", company, { calls: 25, ...sums(CAP / 2) });
  const other = await below(root, "buyer", company, sums(CAP / 2));
  const last = await below(one, "clerk", company, { calls: 8, ...sums(CAP / 5) });
  return { budget, payers: [root, one, other, last] };
}

/** The same budget, whose root is issued anew, with a child of that. */
export async function renewed({ budget, payers }: Line, company: Company): Promise<Line> {
  const root = await aRoot(company, { budget });
  const child = await below(root, "buyer", company, { sums: { send_payment: { amount: CAP / 2 } } });
  return { budget, payers: [...payers, root, child] };
}

async function standing(held: HeldDelegation, above: readonly Bound[], own: readonly Bound[] = []): Promise<Payer> {
  const tokens = serialize(held)
    .split("~")
    .map((token) => `token ${hashOf(token)}`);
  const names = held.agents.map((agent) => `agent ${agent}`);
  const key = `key ${await thumbprintOf(held.signer.publicJwk)}`;
  return { held, standsOn: [...tokens, ...names, key], bounds: [...above, ...own] };
}

function boundsOf(name: string, { calls, sums = {} }: BudgetBounds): readonly Bound[] {
  const amount = sums["send_payment"]?.["amount"];
  return [
    ...(calls === undefined ? [] : [{ counter: `calls of ${name}`, most: calls, of: "calls" } as const]),
    ...(amount === undefined ? [] : [{ counter: `amount of ${name}`, most: amount, of: "amount" } as const]),
  ];
}

/** What a payment adds to each bound above it. */
export function costsOf({ bounds }: Payer, amount: number): readonly Cost[] {
  return bounds.map(({ of, ...bound }) => ({ ...bound, amount: of === "calls" ? 1 : amount }));
}
