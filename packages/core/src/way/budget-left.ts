import type { BudgetLeft } from "../decision/index.ts";
import { type BudgetBound, budgetBounds, ownerOf, type SpendingStore } from "../state/index.ts";
import { type Chain, toolOf } from "../token/index.ts";

/** The bounds that a tool's calls count against, and what their counters have. */
interface Counted {
  /** The tool as the tokens of the chain name it. */
  readonly id: string;
  readonly bounds: readonly BudgetBound[];
  readonly spent: readonly number[];
}

/** The least that any token of the chain has left of each bound; undefined where nothing is bounded. */
export function leftOf(chain: Chain | undefined, counted: readonly Counted[]): BudgetLeft | undefined {
  const id = chain?.links[0]?.budget?.id;
  if (id === undefined) return undefined;
  let calls: number | undefined;
  const sums = new Map<string, Map<string, number>>();
  for (const { id: tool, bounds, spent } of counted) {
    for (const [i, { argument, most }] of bounds.entries()) {
      const left = Math.max(0, most - (spent[i] ?? most));
      if (argument === undefined) {
        calls = Math.min(left, calls ?? left);
        continue;
      }
      const ofTool = sums.get(tool) ?? new Map<string, number>();
      sums.set(tool, ofTool.set(argument, Math.min(left, ofTool.get(argument) ?? left)));
    }
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
export async function budgetLeft(chain: Chain, spending: SpendingStore): Promise<BudgetLeft | undefined> {
  const budget = chain.links.at(-1)?.budget;
  const { from = 0 } = chain.links[0]?.budget ?? {};
  if (budget === undefined) return undefined;
  const tools = Object.keys(budget.sums ?? {});
  // A tool that is not summed counts against the calls alone.
  const asked = (tools.length === 0 ? [""] : tools).map((id) => ({
    id,
    bounds: budgetBounds(chain, { id, ...toolOf(id, chain.rootAudience), lifetimeSeconds: 0 }),
  }));
  const counters = asked.flatMap(({ bounds }) => bounds);
  const spent: number[] = [];
  for (let at = 0; at < counters.length; at += MOST_COUNTERS) {
    const some = counters.slice(at, at + MOST_COUNTERS).map(({ account, counter }) => ({ account, counter }));
    spent.push(...(await spending.spent(ownerOf(chain.user), some)));
  }
  // What may have been forgotten counts as spent, as it does in a call.
  const isVouched = from >= (spending.notBefore ?? Number.NEGATIVE_INFINITY);
  let next = 0;
  const counted = asked.map(({ id, bounds }) => {
    const own = spent.slice(next, next + bounds.length);
    next += bounds.length;
    return { id, bounds, spent: isVouched ? own : bounds.map(({ most }) => most) };
  });
  return leftOf(chain, counted);
}
