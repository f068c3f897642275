import fc from "fast-check";
import { expect, it } from "vitest";
import type { Budget, BudgetBounds, Chain } from "../token/index.ts";
import { budgetBelow } from "../token/verify/check-budget.ts";
import { budgetBounds, budgetCharges } from "./budget-charges.ts";
import { memoryDriver } from "./memory.ts";

const NOW = 1_760_000_000;
const AUDIENCE = "https://pay.example";
const TOOLS = ["pay", "book"] as const;
type Tool = (typeof TOOLS)[number];

const amount = fc.integer({ min: 0, max: 12 });
const bounds: fc.Arbitrary<BudgetBounds> = fc.record(
  {
    calls: amount,
    sums: fc.dictionary(fc.constantFrom(...TOOLS), fc.record({ amount }), { minKeys: 1, maxKeys: 2 }),
  },
  { requiredKeys: [] },
);
/** A tree of tokens: each but the first has a parent before it, and bounds that may be above its parent's. */
const tree = fc.array(fc.record({ parent: fc.nat(), own: fc.option(bounds, { nil: undefined }) }), { maxLength: 7 });
const calls = fc.array(
  fc.record({ token: fc.nat(), tool: fc.constantFrom(...TOOLS), amount: fc.integer({ min: 0, max: 5 }) }),
  { maxLength: 40 },
);

interface Token {
  readonly hash: string;
  readonly parent: Token | undefined;
  readonly budget: Budget;
}

function tokensOf(root: BudgetBounds, made: readonly { parent: number; own: BudgetBounds | undefined }[]): Token[] {
  const budget: Budget = { id: "b", from: NOW - 60, until: NOW + 60, calls: 20, ...root };
  const tokens: Token[] = [{ hash: "root", parent: undefined, budget }];
  for (const [i, { parent: at, own }] of made.entries()) {
    const parent = tokens[at % tokens.length] as Token;
    tokens.push({ hash: `t${i}`, parent, budget: budgetBelow(parent.budget, narrowed(own, parent.budget)) as Budget });
  }
  return tokens;
}

/** As `delegate` lets it: no bound above the parent's. */
function narrowed(own: BudgetBounds | undefined, parent: Budget): BudgetBounds | undefined {
  if (own === undefined) return undefined;
  const least = (one: number, other: number | undefined): number => Math.min(one, other ?? one);
  const sums = Object.entries(own.sums ?? {}).map(([tool, of]) => [
    tool,
    { amount: least(of["amount"] ?? 0, parent.sums?.[tool]?.["amount"]) },
  ]);
  return {
    ...(own.calls !== undefined && { calls: least(own.calls, parent.calls) }),
    ...(sums.length > 0 && { sums: Object.fromEntries(sums) }),
  };
}

function pathOf(token: Token): Token[] {
  return token.parent === undefined ? [token] : [...pathOf(token.parent), token];
}

function chainOf(token: Token): Chain {
  const links = pathOf(token).map(({ hash, budget }) => ({ hash, budget, expiresAt: NOW + 60 }));
  return { links, rootAudience: [AUDIENCE] } as unknown as Chain;
}

it("what is spent is within the bounds of every token above, and whatever is within them is let through", async () => {
  const { spending } = memoryDriver({ since: 0, clock: () => NOW * 1000 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(bounds, tree, calls, async (root, made, asked) => {
      const owner = `owner ${run++}`;
      const tokens = tokensOf(root, made);
      const spent = new Map<Token, { calls: number; sums: Map<Tool, number> }>();
      for (const token of tokens) spent.set(token, { calls: 0, sums: new Map() });
      for (const [i, { token: at, tool, amount: costs }] of asked.entries()) {
        const token = tokens[at % tokens.length] as Token;
        const fits = pathOf(token).every((above) => {
          const { calls: count = 0, sums } = spent.get(above) ?? { sums: new Map<Tool, number>() };
          const { calls: mostCalls = Number.POSITIVE_INFINITY, sums: most = {} } = above.budget;
          const mostSum = most[tool]?.["amount"] ?? Number.POSITIVE_INFINITY;
          return count + 1 <= mostCalls && (sums.get(tool) ?? 0) + costs <= mostSum;
        });
        const found = budgetBounds(chainOf(token), { tool, audience: AUDIENCE });
        const charges = budgetCharges(found, { amount: costs }, 86_400);
        const reservation = { id: `${i}`, owner, charges, nowSeconds: NOW };
        const outcome = charges.length === 0 ? "reserved" : (await spending.reserve(reservation)).outcome;
        expect(outcome).toBe(fits ? "reserved" : "refused");
        if (!fits) continue;
        for (const above of pathOf(token)) {
          const of = spent.get(above) as { calls: number; sums: Map<Tool, number> };
          of.calls++;
          of.sums.set(tool, (of.sums.get(tool) ?? 0) + costs);
        }
      }
    }),
    { numRuns: 500 },
  );
});
