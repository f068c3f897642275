import { HopwiseError } from "../../errors.ts";
import type { RootOrder } from "./issue.ts";

const DEFAULT_SECONDS = 60 * 60;

/**
 * How long a root lives, in seconds: as ordered, else an hour; no root outlives its budget.
 *
 * @param most what the issuer is pinned to
 * @throws {HopwiseError} `config_invalid` for a budget that is over, and for an ordered lifetime that goes beyond its end
 */
export function lifetimeOf(
  { lifetimeSeconds, budget }: Pick<RootOrder, "lifetimeSeconds" | "budget">,
  iat: number,
  most: number = Number.POSITIVE_INFINITY,
): number {
  const left = budget === undefined ? Number.POSITIVE_INFINITY : leftOf(budget, iat);
  if (lifetimeSeconds === undefined) return Math.min(DEFAULT_SECONDS, most, left);
  if (lifetimeSeconds <= left) return lifetimeSeconds;
  refuse(
    "/lifetimeSeconds",
    `lifetimeSeconds is ${lifetimeSeconds}, and budget.until comes in ${left} seconds: a root may not outlive its budget; leave lifetimeSeconds out, or give a later budget.until`,
  );
}

function leftOf({ from, until }: NonNullable<RootOrder["budget"]>, iat: number): number {
  if (until <= from) refuse("/budget/until", "budget.until must be later than budget.from");
  if (until > iat) return until - iat;
  refuse(
    "/budget/until",
    "budget.until is past, so that no lifetimeSeconds would be left for the root; give the budget of the time that has begun, with an id of its own",
  );
}

function refuse(pointer: string, problem: string): never {
  throw new HopwiseError("config_invalid", `issue: ${problem}`, { pointer });
}
