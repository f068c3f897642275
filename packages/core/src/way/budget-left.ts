import type { BudgetLeft } from "../decision/index.ts";
import { type BudgetBound, budgetBounds, ownerOf, type SpendingStore } from "../state/index.ts";
import { type Chain, toolOf } from "../token/index.ts";

/** The least that any token of the chain has left of each bound; undefined where nothing is bounded. */
export function leftOf(
  chain: Chain | undefined,
  bounds: readonly BudgetBound[],
  spent: readonly number[],
): BudgetLeft | undefined {
  const id = chain?.links[0]?.budget?.id;
  if (id === undefined) return undefined;
  let calls: number | undefined;
  const sums = new Map<string, Map<string, number>>();
  for (const [i, { sum, most }] of bounds.entries()) {
    const left = Math.max(0, most - (spent[i] ?? most));
    if (sum === undefined) {
      calls = Math.min(left, calls ?? left);
      continue;
    }
    const ofTool = sums.get(sum.tool) ?? new Map<string, number>();
    sums.set(sum.tool, ofTool.set(sum.argument, Math.min(left, ofTool.get(sum.argument) ?? left)));
  }
  return {
    id,
    ...(calls !== undefined && { calls }),
    ...(sums.size > 0 && { sums: Object.fromEntries([...sums].map(([tool, of]) => [tool, Object.fromEntries(of)])) }),
  };
}

/** As many counters are asked about at once. */
const MOST_COUNTERS = 500;

/** What a chain has left of its whole budget, so that its holder can plan. */
export async function budgetLeft(
  chain: Chain,
  spending: SpendingStore,
  nowSeconds: number,
): Promise<BudgetLeft | undefined> {
  const budget = chain.links.at(-1)?.budget;
  const { from = 0 } = chain.links[0]?.budget ?? {};
  if (budget === undefined) return undefined;
  const tools = Object.keys(budget.sums ?? {});
  // A tool that is not summed counts against the calls alone.
  const ofTools = (tools.length === 0 ? [""] : tools).flatMap((id) =>
    budgetBounds(chain, toolOf(id, chain.rootAudience)),
  );
  // Each tool has those of the calls.
  const bounds = [...new Map(ofTools.map((bound) => [bound.counter, bound])).values()];
  const counters = bounds.map(({ account, counter }) => ({ account, counter }));
  const spent: number[] = [];
  for (let at = 0; at < counters.length; at += MOST_COUNTERS) {
    spent.push(...(await spending.spent(ownerOf(chain.user), counters.slice(at, at + MOST_COUNTERS))));
  }
  // What may have been forgotten counts as spent, as it does in a call.
  const isVouched = from >= (spending.notBefore ?? Number.NEGATIVE_INFINITY);
  const left = leftOf(chain, bounds, isVouched ? spent : []);
  return left && from > nowSeconds ? { ...left, from } : left;
}
