import { type Constraint, type Grant, KINDS } from "./constraint.ts";
import { toolWords } from "./every-tool.ts";
import type { Say } from "./kinds/kind.ts";
import { checkMade } from "./made.ts";

/**
 * A grant in plain words, a line a tool, for a person to read before consenting.
 *
 * ```
 * send_payment: to is any value; amount is a whole number of at most 1000; currency is "EUR"
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for what is no grant
 */
export function describe(grant: Grant): string {
  checkMade("describe", "grant", grant);
  const tools = Object.entries(grant);
  if (tools.length === 0) return "nothing";
  return tools.map(([tool, constraints]) => `${toolWords(tool)}: ${describeArguments(constraints)}`).join("\n");
}

/** The grant of one tool in plain words: `to is any value; amount is a whole number of at most 1000`. */
export function describeArguments(constraints: Grant[string]): string {
  const all = Object.entries(constraints);
  if (all.length === 0) return "any arguments";
  const named = all.filter(([name]) => name !== "");
  if (named.length === 0) return "no arguments";
  return named.map(([name, constraint]) => `${name} ${say.member(constraint)}`).join("; ");
}

const say: Say = {
  value: words,
  member: (constraint) =>
    KINDS.get(constraint.constraint_type)?.passesMissing ? words(constraint) : `is ${words(constraint)}`,
};

/** One constraint in plain words: `a whole number of at most 1000`. */
export function words(constraint: Constraint): string {
  return KINDS.get(constraint.constraint_type)?.words(constraint, say) ?? "of an unknown type";
}
