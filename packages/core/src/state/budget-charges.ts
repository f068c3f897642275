import { HopwiseError, type WouldPass } from "../errors.ts";
import { type JsonObject, pointerTo } from "../json/index.ts";
import { isCount } from "../lib/index.ts";
import { type Budget, type Chain, toolIdOf } from "../token/index.ts";
import type { Charge } from "./spending.ts";

/** One bound of a chain's budget, and the counter that is held against it. */
export interface BudgetBound {
  /** The hop that was handed the token which says it, 1 for the first agent. */
  readonly hop: number;
  /** Where the token says it. */
  readonly pointer: string;
  /** Of a sum: which argument of which tool is added up, the tool as the tokens of the chain name it. */
  readonly sum?: { readonly tool: string; readonly argument: string };
  readonly account: string;
  readonly counter: string;
  readonly most: number;
  /** Until when what is spent under it must be known, in seconds since the epoch. */
  readonly until: number;
}

/** A tool as a budget names it. */
export interface BudgetedTool {
  readonly tool: string;
  readonly audience: string;
}

/**
 * The bounds that a call of a tool counts against: of its own token and of all above. One that a token only repeats is its
 * parent's, whose counter has all that this one's would.
 */
export function budgetBounds({ links, rootAudience }: Chain, of: BudgetedTool): readonly BudgetBound[] {
  const named = { ...of, id: toolIdOf(of.tool, of.audience, rootAudience) };
  return links.flatMap(({ budget, hash, expiresAt }, i) => {
    if (budget === undefined) return [];
    const above = new Map(boundsOf(links[i - 1]?.budget, named));
    // The root's counters outlive the root: one that is issued anew goes on where the last one was. Any other token's go with it,
    // all that end within an hour together: who makes a token for each call would fill the account of a month.
    const hour = Math.ceil(expiresAt / HOUR) * HOUR;
    const [level, account, until] =
      i === 0 ? ["", `budget ${budget.id}`, budget.until] : [`${hash} `, `budget ${budget.id} ${hour}`, hour];
    return boundsOf(budget, named)
      .filter(([pointer, { most }]) => most < (above.get(pointer)?.most ?? Number.POSITIVE_INFINITY))
      .map(([pointer, { counter, ...bound }]) => ({
        hop: i + 1,
        pointer,
        account,
        counter: `${level}${counter}`,
        until,
        ...bound,
      }));
  });
}

type Bound = Pick<BudgetBound, "counter" | "most" | "sum">;

function boundsOf(
  { calls, sums = {} }: Pick<Budget, "calls" | "sums"> = {},
  { tool, id, audience }: BudgetedTool & { readonly id: string },
): readonly [string, Bound][] {
  const own = Object.hasOwn(sums, id) ? Object.entries(sums[id] ?? {}) : [];
  return [
    ...(calls === undefined ? [] : [["/budget/calls", { counter: "calls", most: calls }] as [string, Bound]]),
    ...own.map(([argument, most]): [string, Bound] => {
      // By audience and name: the same tool has another id in a root of another audience.
      const counter = `sum ${JSON.stringify([audience, tool, argument])}`;
      return [pointerTo(pointerTo("/budget/sums", id), argument), { counter, most, sum: { tool: id, argument } }];
    }),
  ];
}

const HOUR = 3600;

/** How far behind an enforcement point's clock may be, in seconds: what was spent must still be known then. */
const LATEST_CLOCK = 120;

/**
 * What a call adds to each bound.
 *
 * @param lifetimeSeconds how long a root may live. So long after its end a budget's account is kept: a root of the same budget
 *   that was issued before, with a later end, must find what was spent
 * @throws {HopwiseError} as {@link budgetAmount} does
 */
export function budgetCharges(
  bounds: readonly BudgetBound[],
  args: JsonObject,
  lifetimeSeconds: number,
): readonly Charge[] {
  return bounds.map((bound) => {
    const { hop, account, counter, most, until } = bound;
    const again = hop === 1 ? lifetimeSeconds : 0; // no other token is issued anew
    const untilSeconds = until + again + LATEST_CLOCK;
    return { account, counter, most, untilSeconds, amount: budgetAmount(bound, args) };
  });
}

/**
 * What a call adds to a bound.
 *
 * @throws {HopwiseError} `grant_argument_missing`, `grant_argument_refused` for an argument that is added up and is no whole
 *   number of 0 or more: a negative one would fill the budget again
 */
export function budgetAmount({ sum, hop }: BudgetBound, args: JsonObject): number {
  if (sum === undefined) return 1;
  const { argument } = sum;
  const value = Object.hasOwn(args, argument) ? args[argument] : undefined;
  const pointer = pointerTo("", argument);
  if (value === undefined) {
    const rule = `a budget adds up "${argument}", so each call has to say it`;
    throw new HopwiseError("grant_argument_missing", rule, { hop, pointer, rule, wouldPass: COUNTED });
  }
  if (isCount(value)) return value;
  const rule = `a budget adds up "${argument}": a whole number of its smallest unit, 0 or more`;
  throw new HopwiseError("grant_argument_refused", rule, { hop, pointer, rule, wouldPass: COUNTED });
}

/** What a budget can add up, in words that the model reads, too. */
const COUNTED: WouldPass = { accepts: "a whole number of its smallest unit, 0 or more, since a budget adds it up" };
