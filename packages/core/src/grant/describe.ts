import { wholeText } from "../lib/index.ts";
import { type Constraint, type Grant, KINDS } from "./constraint.ts";
import { toolWords } from "./every-tool.ts";
import { isNoArguments } from "./kinds/absent.ts";
import type { Say } from "./kinds/kind.ts";
import { checkMade } from "./made.ts";
import { nameWords } from "./name-words.ts";

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
  const named = all.filter(([name, constraint]) => !isNoArguments(name, constraint));
  if (named.length === 0) return "no arguments";
  return named.map(([name, constraint]) => member(name, constraint, words(constraint))).join("; ");
}

const say: Say = {
  value: (constraint) => (hasInner(constraint) ? `(${words(constraint)})` : words(constraint)),
  clause: (constraint) => (isOneWord(constraint) ? words(constraint) : `(${words(constraint)})`),
  property: (name, constraint) => member(name, constraint, say.value(constraint)),
};

/** @param said the words of the constraint */
function member(name: string, constraint: Constraint, said: string): string {
  const mayBeMissing = KINDS.get(constraint.constraint_type)?.passesMissing === true;
  return `${nameWords(name)} ${mayBeMissing ? words(constraint) : `is ${said}`}`;
}

/** One constraint in plain words: `a whole number of at most 1000`. No two that differ have the same. */
export function words(constraint: Constraint): string {
  const said = KINDS.get(constraint.constraint_type)?.words(constraint, say) ?? "of an unknown type";
  return wholeText(said);
}

function hasInner(constraint: Constraint): boolean {
  return KINDS.get(constraint.constraint_type)?.inner !== undefined;
}

/** Whether its words end by themselves: one value, as JSON has it, or what has no bound. */
function isOneWord(constraint: Constraint): boolean {
  return KINDS.get(constraint.constraint_type)?.isOneWord === true || Object.keys(constraint).length === 1;
}
