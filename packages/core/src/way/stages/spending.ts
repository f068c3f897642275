import type { BudgetLeft } from "../../decision/index.ts";
import { HopwiseError, isOwn, isRefusal } from "../../errors.ts";
import { type JsonObject, pointerTo } from "../../json/index.ts";
import { countOf, isoOf, persistently, quietly } from "../../lib/index.ts";
import {
  type BudgetBound,
  budgetBounds,
  budgetCharges,
  type Charge,
  ownerOf,
  type Reserved,
  type SpendingStore,
} from "../../state/index.ts";
import type { Chain } from "../../token/index.ts";
import { leftOf } from "../budget-left.ts";
import type { EnforcementPoint } from "../options.ts";
import { type CountedRate, rateAccounts } from "../rates.ts";
import { askStore } from "./state.ts";
import type { OpenedChain } from "./token.ts";

/** What a call costs, and of whom. */
export interface Costs {
  readonly caller: OpenedChain;
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly invocation: string;
  /** The single use of an approval, in the same step. */
  readonly approval: readonly Charge[];
  /** Whether shadow mode lets the call go on after this refusal. */
  readonly lets: (refusal: HopwiseError) => boolean;
}

/** What was taken for a call that may run. */
export interface Taken {
  readonly left: BudgetLeft | undefined;
  /**
   * Says what came of the call. It is never waited for. Where the store cannot take back just now what did not run, it is asked
   * again for a while; what is not given back then stays spent.
   */
  settle(how: "spent" | "nothing_happened"): void;
}

/** One charge, and what it is told by where it does not fit. */
interface Cost extends Charge {
  readonly bound?: BudgetBound;
  readonly rate?: CountedRate;
}

/** Whether there is nothing to count: no budget, no rate, no approval. */
export function costsNothing(
  { caller, approval }: Pick<Costs, "caller" | "approval">,
  { rates }: EnforcementPoint,
): boolean {
  return caller.chain?.links[0]?.budget === undefined && rates.length === 0 && approval.length === 0;
}

/**
 * Whether the budgets have no room for the call, or nobody can tell, whoever approves it: people are not asked for what could
 * not be made. Takes nothing.
 *
 * @throws {HopwiseError} as {@link takeCosts}
 */
export async function refuseExhausted(
  { caller, tool, arguments: args }: Pick<Costs, "caller" | "tool" | "arguments">,
  point: EnforcementPoint,
): Promise<HopwiseError | undefined> {
  const { audience, chain } = caller;
  const { spending } = point.state;
  const bounds = chain === undefined ? [] : budgetBounds(chain, { tool, audience });
  if (bounds.length === 0 || spending === undefined) return undefined;
  const charges = budgetCharges(bounds, args, point.limits.lifetimeSeconds);
  const spent = await askStore("enough is left", () => spending.spent(ownerOf(caller.user), charges));
  for (const [i, charge] of charges.entries()) {
    const before = spent[i] ?? 0;
    if (before + charge.amount > charge.most) return shortOf({ ...charge, bound: bounds[i] as BudgetBound }, before);
  }
  // Once it answered: it may have noticed just now that it lost what it knew.
  return refuseUnvouched(bounds, chain, spending, point);
}

const NOTHING: Taken = { left: undefined, settle: () => {} };

/**
 * Takes what the call costs, all of it in one step or nothing: from the budget of every token, from the rates, and the one use
 * of an approval. After the policies, so that a call which they deny costs nothing; before the record and the tool, so that
 * two calls at once never spend the same. Rates of agents are of no one user's chain: these are taken in a step of their own.
 *
 * In shadow mode a bound of a budget that does not let the call be is left out, and everything else taken: rates stand, and so
 * does the one use of an approval.
 *
 * @returns what was taken; or the refusal: `budget_exhausted`, `rate_exceeded`, `approval_used`, `approval_denied`
 * @throws {HopwiseError} `grant_argument_missing`, `grant_argument_refused`, `state_unavailable`
 */
export async function takeCosts(costs: Costs, point: EnforcementPoint): Promise<Taken | HopwiseError> {
  const { caller, lets, invocation } = costs;
  const { audience, chain } = caller;
  let bounds = chain === undefined ? [] : budgetBounds(chain, { tool: costs.tool, audience });
  for (let attempt = 0; ; attempt++) {
    const id = attempt === 0 ? invocation : `${invocation}.again${attempt}`;
    const taken = await takeWithin(bounds, { ...costs, id }, point).catch((cause: unknown) => {
      if (isOwn(cause) && lets(cause)) return cause;
      throw cause;
    });
    if (!isRefusal(taken) || !lets(taken)) return taken;
    const others = bounds.filter((bound) => !refuses(bound, taken));
    if (others.length === bounds.length) return taken;
    bounds = others;
  }
}

/** Whether a refusal is of this bound: by what is left of it, or by an argument that it cannot add up. */
function refuses({ hop, pointer, sum }: BudgetBound, refusal: HopwiseError): boolean {
  return refusal.code === "budget_exhausted"
    ? hop === refusal.hop && pointer === refusal.pointer
    : sum !== undefined && pointerTo("", sum.argument) === refusal.pointer;
}

async function takeWithin(
  bounds: readonly BudgetBound[],
  costs: Costs & { readonly id: string },
  point: EnforcementPoint,
): Promise<Taken | HopwiseError> {
  const { caller, approval } = costs;
  const { spending } = point.state;
  const charges = budgetCharges(bounds, costs.arguments, point.limits.lifetimeSeconds);
  const rates = rateAccounts(point.rates, caller, point);
  const own: readonly Cost[] = [
    ...charges.map((charge, i) => ({ ...charge, bound: bounds[i] as BudgetBound })),
    ...rates.own,
    ...approval,
  ];
  if (own.length === 0 && rates.ofAgents.length === 0) return NOTHING;
  if (spending === undefined) throw new HopwiseError("state_unavailable", "this state counts nothing");
  const unvouched = refuseUnvouched(bounds, caller.chain, spending, point);
  if (unvouched !== undefined) return unvouched;
  const steps = [
    ...(own.length === 0 ? [] : [{ owner: ownerOf(caller.user), costs: own }]),
    ...rates.ofAgents.map(({ agent, ...cost }) => ({ owner: `agent ${agent}`, costs: [cost] })),
  ].map((step, i) => ({ ...step, id: `${costs.id}.${i}` }));
  const settle: Taken["settle"] = (how) => {
    const run = how === "spent" ? quietly : persistently;
    for (const { id, owner } of steps) run(() => spending.settle({ id, owner, nowSeconds: point.nowSeconds() }, how));
  };
  let spent: readonly number[] = [];
  for (const [i, { id, owner, costs: wanted }] of steps.entries()) {
    const taken = await reserve({ id, owner, costs: wanted }, spending, point).catch((cause: unknown) => cause);
    if (Array.isArray(taken)) {
      if (i === 0) spent = taken as readonly number[];
      continue;
    }
    settle("nothing_happened");
    if (isRefusal(taken)) return taken;
    throw taken;
  }
  // It may have noticed meanwhile that it lost what it knew.
  const lost = refuseUnvouched(bounds, caller.chain, spending, point);
  if (lost !== undefined) settle("nothing_happened");
  return lost ?? { left: leftOf(caller.chain, bounds, spent), settle };
}

interface Step {
  readonly id: string;
  readonly owner: string;
  readonly costs: readonly Cost[];
}

/** @returns what each counter has then, or the refusal */
async function reserve(
  { id, owner, costs }: Step,
  spending: SpendingStore,
  { nowSeconds }: EnforcementPoint,
): Promise<readonly number[] | HopwiseError> {
  const charges = costs.map(({ bound: _, rate: __, ...charge }) => charge);
  const reserved: Reserved = await askStore("enough is left", () =>
    spending.reserve({ id, owner, charges, nowSeconds: nowSeconds() }),
  );
  switch (reserved.outcome) {
    case "reserved":
      return reserved.spent;
    case "withdrawn":
      throw new HopwiseError("state_unavailable", "the store was too late with what the call costs");
    case "refused":
      return shortOf(costs[reserved.charge], reserved.spent);
  }
}

function shortOf(cost: Cost | undefined, spent: number): HopwiseError {
  if (cost?.bound !== undefined) {
    const { hop, pointer, most, sum } = cost.bound;
    const left = Math.max(0, most - spent);
    // A token may have a bound of calls, and others of several arguments: who reads neither pointer nor token must know of which.
    const [rule, accepts] =
      sum === undefined
        ? [`the budget of this token has no call left of ${most}`, "no call"]
        : [
            `the budget of this token has ${left} left of ${most} in ${JSON.stringify(sum.argument)}, and the call costs ${cost.amount}`,
            `at most ${left} in ${JSON.stringify(sum.argument)}`,
          ];
    const wouldPass = { grantableBy: hop - 1, accepts };
    return new HopwiseError("budget_exhausted", rule, { hop, pointer, rule, wouldPass });
  }
  if (cost?.rate !== undefined) {
    const { calls, perSeconds, of, endsAt } = cost.rate;
    const rule = `at most ${countOf(calls, "call")} in ${countOf(perSeconds, "second")} of one ${of}`;
    const wouldPass = { accepts: `a call from ${isoOf(endsAt)} on` };
    return new HopwiseError("rate_exceeded", `there were more calls than the rate allows: ${rule}`, {
      rule,
      wouldPass,
    });
  }
  return cost?.counter === "no"
    ? new HopwiseError("approval_denied", "somebody who may approve the call said no")
    : new HopwiseError("approval_used", "the approval was used before: it is good for one call");
}

/** A store that may have forgotten what was spent cannot say that anything is left. */
function refuseUnvouched(
  bounds: readonly BudgetBound[],
  chain: Chain | undefined,
  { notBefore = Number.NEGATIVE_INFINITY }: SpendingStore,
  { nowSeconds }: EnforcementPoint,
): HopwiseError | undefined {
  const from = chain?.links[0]?.budget?.from;
  const [first] = bounds;
  if (first === undefined || from === undefined) return undefined;
  // What is spent before would be forgotten by a store that loses what it knew, and vouches for what began later: so there is no
  // allowance for clocks here.
  const now = nowSeconds();
  const isEarly = from > now;
  if (from >= notBefore && !isEarly) return undefined;
  const { hop, pointer } = first;
  const [rule, times, instead] = isEarly
    ? [
        "the budget begins later",
        `at ${isoOf(from)} (budget.from), and it is ${isoOf(now)}`,
        "call again then, or have a root issued whose budget has begun",
      ]
    : [
        "the budget began before this store began to count, which may have forgotten what was spent",
        `budget.from is ${isoOf(from)}, and the store counts since ${isoOf(notBefore)}`,
        "use a store that outlives the process, or have a root issued with a budget of another id that begins after the store did",
      ];
  return new HopwiseError("budget_exhausted", `${rule}: ${times}; ${instead}`, { hop, pointer, rule });
}
