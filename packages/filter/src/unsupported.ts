import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";

/**
 * A condition that cannot be said of a table. It names an operator or an attribute, never a value or a tree: they may hold
 * attributes of a person.
 *
 * @param what such as `the operator "matches", which …`
 */
export function unsupported(what: string, pointer: string): HopwiseError {
  return inOwnWords(new HopwiseError("filter_unsupported", `the condition on rows has ${what}`, { pointer }));
}

export function unsupportedOperator(operator: string, pointer: string): HopwiseError {
  return unsupported(`the operator ${named(operator)}, which cannot be said of rows`, pointer);
}

export function unsupportedVariable(name: string, pointer: string): HopwiseError {
  const what = `the variable ${named(name)}, which is neither the resource's id nor one of its attributes`;
  return unsupported(what, pointer);
}

/** A name out of a policy, cut where it is long. */
export function named(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
