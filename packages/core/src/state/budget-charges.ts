import { HopwiseError } from "../errors.ts";
import { type JsonObject, pointerTo } from "../json/index.ts";
import type { Budget, Chain } from "../token/index.ts";
import type { Charge } from "./spending.ts";

/** One bound of a chain's budget, and the counter that is held against it. */
export interface BudgetBound {
  /** The hop that was handed the token which says it, 1 for the first agent. */
  readonly hop: number;
  /** Where the token says it. */
  readonly pointer: string;
  /** Of a sum: which argument of the tool is added up. */
  readonly argument?: string;
  readonly account: string;
  readonly counter: string;
  readonly most: number;
  readonly untilSeconds: number;
}

/** A tool as a budget names it. */
export interface BudgetedTool {
  readonly tool: string;
  /** Its id in the tokens of the chain. */
  readonly id: string;
  readonly audience: string;
  /**
   * How long a root may live, in seconds. So long after its end a budget's account is kept: a root of the same budget that was
   * issued before, with a later end, must find what was spent.
   */
  readonly lifetimeSeconds: number;
}

/** Clocks differ by so much at most, in seconds. */
const CLOCKS_APART = 120;

/**
 * The bounds that a call of a tool counts against: of its own token and of all above. One that a token only repeats is its
 * parent's, whose counter has all that this one's would.
 */
export function budgetBounds({ links }: Chain, of: BudgetedTool): readonly BudgetBound[] {
  return links.flatMap(({ budget, hash }, i) => {
    if (budget === undefined) return [];
    const above = links[i - 1]?.budget;
    // The root's counters outlive the root: one that is issued anew goes on where the last one was.
    const level = i === 0 ? "" : `${hash} `;
    return boundsOf(budget, of)
      .filter(([pointer, { most }]) => {
        const known = above === undefined ? undefined : new Map(boundsOf(above, of)).get(pointer)?.most;
        return known === undefined || most < known;
      })
      .map(([pointer, { counter, ...bound }]) => ({
        hop: i + 1,
        pointer,
        account: `budget ${budget.id}`,
        counter: `${level}${counter}`,
        untilSeconds: budget.until + of.lifetimeSeconds + CLOCKS_APART,
        ...bound,
      }));
  });
}

type Bound = Pick<BudgetBound, "counter" | "most" | "argument">;

function boundsOf({ calls, sums = {} }: Budget, { tool, id, audience }: BudgetedTool): readonly [string, Bound][] {
  const own = Object.hasOwn(sums, id) ? Object.entries(sums[id] ?? {}) : [];
  return [
    ...(calls === undefined ? [] : [["/budget/calls", { counter: "calls", most: calls }] as [string, Bound]]),
    ...own.map(([argument, most]): [string, Bound] => {
      // By audience and name: the same tool has another id in a root of another audience.
      const counter = `sum ${JSON.stringify([audience, tool, argument])}`;
      return [pointerTo(pointerTo("/budget/sums", id), argument), { counter, most, argument }];
    }),
  ];
}

/**
 * What a call adds to each bound.
 *
 * @throws {HopwiseError} `grant_argument_missing`, `grant_argument_refused` for an argument that is added up and is no whole
 *   number of 0 or more: a negative one would fill the budget again
 */
export function budgetCharges(bounds: readonly BudgetBound[], args: JsonObject): readonly Charge[] {
  return bounds.map(({ account, counter, most, untilSeconds, argument, hop }) => {
    const amount = argument === undefined ? 1 : amountOf(args, argument, hop);
    return { account, counter, most, untilSeconds, amount };
  });
}

function amountOf(args: JsonObject, argument: string, hop: number): number {
  const value = Object.hasOwn(args, argument) ? args[argument] : undefined;
  const pointer = pointerTo("", argument);
  if (value === undefined) {
    const rule = `a budget adds up "${argument}", so each call has to say it`;
    throw new HopwiseError("grant_argument_missing", rule, { hop, pointer, rule });
  }
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  const rule = `a budget adds up "${argument}": a whole number of its smallest unit, 0 or more`;
  throw new HopwiseError("grant_argument_refused", rule, { hop, pointer, rule });
}
