import { isEveryTool } from "../../grant/index.ts";
import { pointerTo } from "../../json/index.ts";
import type { Budget, BudgetBounds, DerivedClaims, RootClaims } from "../claims/index.ts";
import { type Above, broken, toolIdProblem } from "./check-link.ts";

/** What is above a token with a budget. */
type BudgetAbove = Pick<Above, "budget" | "root">;

const SUMS = "/budget/sums";

/**
 * The budget of a root; the issuer applies the same before it signs.
 *
 * @param shared whether its anchor says that its audiences share a store: else each would let the whole of it be spent
 */
export function checkRootBudget({ budget, aud, exp }: RootClaims, shared: boolean): void {
  if (budget === undefined) return;
  if (aud.length > 1 && !shared) {
    const rule = "its anchor does not let a budget stand beside several audiences (sharedBudgets)";
    broken("token_untrusted_issuer", "/budget", rule, 1);
  }
  // What was spent is remembered until the budget's end, and no longer.
  if (exp > budget.until) broken("token_malformed", "/exp", "a root may not outlive its budget", 1);
  const problem = sumsProblem(budget, aud);
  if (problem !== undefined) broken("token_malformed", SUMS, problem, 1);
}

/** The budget of a child: a part of its parent's. */
export function checkChildBudget({ budget, del_depth }: DerivedClaims, above: BudgetAbove): void {
  const fault = budget && findBudgetFault(budget, above);
  if (fault !== undefined) broken(fault.code, fault.pointer, fault.rule, del_depth + 1);
}

/** Why a child may not have a budget; the delegator asks the same before it signs. */
export interface BudgetFault {
  readonly code: "chain_link_broken" | "token_malformed" | "chain_widened";
  readonly pointer: string;
  readonly rule: string;
}

export function findBudgetFault(budget: BudgetBounds, { budget: parent, root }: BudgetAbove): BudgetFault | undefined {
  if (parent === undefined) {
    const rule = "the root has no budget of which a part could be handed on";
    return { code: "chain_link_broken", pointer: "/budget", rule };
  }
  const problem = sumsProblem(budget, root.aud);
  if (problem !== undefined) return { code: "token_malformed", pointer: SUMS, rule: problem };
  for (const { pointer, most, bound } of boundsOf(budget, parent)) {
    // One of which the parent says nothing may be added: it only takes away.
    if (bound !== undefined && most > bound) {
      const rule = `a bound of a budget may only fall: the parent has ${bound}, the child ${most}`;
      return { code: "chain_widened", pointer, rule };
    }
  }
  return undefined;
}

/** A bound that a child sets, by the pointer of its own, and what its parent has there. */
interface Bound {
  readonly pointer: string;
  readonly most: number;
  readonly bound: number | undefined;
}

function boundsOf({ calls, sums = {} }: BudgetBounds, parent: BudgetBounds): readonly Bound[] {
  const own = Object.entries(sums).flatMap(([tool, bounds]) => {
    const above = sumsOf(parent, tool);
    return Object.entries(bounds).map(([name, most]): Bound => {
      const pointer = pointerTo(pointerTo(SUMS, tool), name);
      return { pointer, most, bound: Object.hasOwn(above, name) ? above[name] : undefined };
    });
  });
  return calls === undefined ? own : [{ pointer: "/budget/calls", most: calls, bound: parent.calls }, ...own];
}

function sumsOf({ sums = {} }: BudgetBounds, tool: string): { readonly [argument: string]: number } {
  return (Object.hasOwn(sums, tool) && sums[tool]) || {};
}

/**
 * What holds at a token, deeply frozen: what it says itself, and where it says nothing, what its parent has. That is shared and
 * not copied: a chain has many tokens, and its budget may have many bounds.
 */
export function budgetBelow(parent: Budget | undefined, own: BudgetBounds | undefined): Budget | undefined {
  if (parent === undefined || own === undefined) return parent;
  const merged = Object.entries(own.sums ?? {}).map(([tool, bounds]) => {
    return [tool, Object.freeze({ ...sumsOf(parent, tool), ...bounds })] as const;
  });
  return Object.freeze({
    ...parent,
    ...(own.calls !== undefined && { calls: own.calls }),
    ...(merged.length > 0 && { sums: Object.freeze({ ...parent.sums, ...Object.fromEntries(merged) }) }),
  });
}

/** A sum of a tool that no call can name would never be counted; so would one of every tool. */
function sumsProblem({ sums = {} }: BudgetBounds, audience: readonly string[]): string | undefined {
  return Object.keys(sums)
    .map((id) => (isEveryTool(id) ? "a sum is of one tool" : toolIdProblem(id, audience)))
    .find((problem) => problem !== undefined);
}
