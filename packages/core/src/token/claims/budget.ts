import { isJsonObject, type JsonObject, type JsonValue, pointerTo } from "../../json/index.ts";
import { AGENT_NAME, type Limits } from "../keys/index.ts";
import { integerOf, refuseClaim, textOf } from "./claim-values.ts";

/** What a token and everything below it may spend, in all. */
export interface BudgetBounds {
  /** Most calls. */
  readonly calls?: number;
  /**
   * The most that an argument may add up to over all calls, by the tool's id as in the grant, then by the argument's name.
   * In whole numbers of the smallest unit, such as cents.
   */
  readonly sums?: { readonly [tool: string]: { readonly [argument: string]: number } };
}

/** A budget. Spending is kept for the user under its id, so that a root that is issued anew goes on where the last one was. */
export interface Budget extends BudgetBounds {
  /** 1 to 128 letters, digits and `.` `_` `-` `/`, the first and the last a letter or digit. */
  readonly id: string;
  /** Which time it is for, in seconds since the epoch: what is spent is remembered until it is over. */
  readonly from: number;
  readonly until: number;
}

/**
 * Reads the claim `budget` of a root.
 *
 * @throws {HopwiseError} `token_malformed`
 */
export function parseBudget(value: JsonValue, limits: Limits): Budget {
  const budget = membersOf(value, ["id", "from", "until"], "id, from, until, and calls, sums or both");
  const id = textOf(budget, "id", 128, AT);
  if (!AGENT_NAME.test(id)) refuseClaim(`${AT}/id`, "a budget's id is letters, digits and . _ - /");
  const from = integerOf(budget, "from", AT);
  const until = integerOf(budget, "until", AT);
  if (until <= from) refuseClaim(`${AT}/until`, "a budget ends after it begins");
  return { id, from, until, ...boundsOf(budget, limits) };
}

/**
 * Reads the claim `budget` of a derived token. Which budget it is, and for which time, its root says alone.
 *
 * @throws {HopwiseError} `token_malformed`
 */
export function parseBudgetBounds(value: JsonValue, limits: Limits): BudgetBounds {
  return boundsOf(membersOf(value, [], "calls, sums or both, and no more"), limits);
}

const AT = "/budget";

function membersOf(value: JsonValue, required: readonly string[], what: string): JsonObject {
  const names = isJsonObject(value) ? Object.keys(value) : [];
  const known = [...required, "calls", "sums"];
  // What bounds nothing would only look like a budget.
  const bounds = names.includes("calls") || names.includes("sums");
  if (!bounds || !required.every((name) => names.includes(name)) || !names.every((name) => known.includes(name))) {
    return refuseClaim(AT, `an object with ${what} is expected`);
  }
  return value as JsonObject;
}

function boundsOf(budget: JsonObject, limits: Limits): BudgetBounds {
  const { sums } = budget;
  return {
    ...(budget["calls"] !== undefined && { calls: integerOf(budget, "calls", AT) }),
    ...(sums !== undefined && { sums: sumsOf(sums, limits) }),
  };
}

function sumsOf(value: JsonValue, limits: Limits): NonNullable<BudgetBounds["sums"]> {
  const at = `${AT}/sums`;
  return Object.fromEntries(
    entriesOf(value, at, limits.tools, limits).map(([tool, bounds]) => {
      const below = pointerTo(at, tool);
      const names = entriesOf(bounds, below, limits.argumentsPerTool, limits).map(([name]) => name);
      return [tool, Object.fromEntries(names.map((name) => [name, integerOf(bounds as JsonObject, name, below)]))];
    }),
  );
}

/** The members of an object of names that its author chose. One without any would bound nothing. */
function entriesOf(value: JsonValue, at: string, max: number, limits: Limits): readonly [string, JsonValue][] {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  if (entries.length < 1 || entries.length > max || entries.some(([name]) => name.length > limits.nameLength)) {
    return refuseClaim(at, `an object of 1 to ${max} members is expected, with names of at most ${limits.nameLength}`);
  }
  return entries;
}
