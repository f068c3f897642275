import type { Constraint, Grant, RangeConstraint } from "./constraint.ts";

/**
 * A grant in plain words, a line a tool: what a person reads before saying yes.
 *
 * ```
 * send_payment: to is any value; amount is a whole number of at most 1000; currency is "EUR"
 * ```
 */
export function describe(grant: Grant): string {
  const tools = Object.entries(grant);
  if (tools.length === 0) return "nothing";
  return tools.map(([tool, constraints]) => `${tool}: ${describeArguments(constraints)}`).join("\n");
}

/** What a grant says of one tool: `to is any value; amount is a whole number of at most 1000`. */
export function describeArguments(constraints: Grant[string]): string {
  const all = Object.entries(constraints);
  if (all.length === 0) return "any arguments";
  const named = all.filter(([name]) => name !== "");
  if (named.length === 0) return "no arguments";
  return named.map(([name, constraint]) => `${name} ${clause(constraint)}`).join("; ");
}

function clause(constraint: Constraint): string {
  if (constraint.constraint_type === "optional") return `may be left out, else ${clause(constraint.constraint)}`;
  if (constraint.constraint_type === "absent") return "must be left out";
  return `is ${words(constraint)}`;
}

/** One constraint in plain words: `a whole number of at most 1000`. */
export function words(constraint: Constraint): string {
  switch (constraint.constraint_type) {
    case "exact":
      return JSON.stringify(constraint.value);
    case "one_of":
      return `one of ${list(constraint.values)}`;
    case "not_one_of":
      return `anything but ${list(constraint.excluded)}`;
    case "range":
      return `a number${bounds(constraint)}`;
    case "int":
      return `a whole number${bounds({ ...constraint, constraint_type: "range" })}`;
    case "contains":
      return `a list that has ${list(constraint.required)}`;
    case "subset":
      return `a list of nothing but ${list(constraint.allowed)}`;
    case "all":
      return constraint.constraints.map(words).join(" and ");
    case "any":
      return constraint.constraints.map(words).join(" or ");
    case "wildcard":
      return "any value";
    case "prefix":
      return `a text that starts with ${JSON.stringify(constraint.value)}`;
    case "suffix":
      return `a text that ends with ${JSON.stringify(constraint.value)}`;
    case "path":
      return `a path at or below ${JSON.stringify(constraint.root)}`;
    case "url":
      return `a URL of ${constraint.origins.join(" or ")}${constraint.under === undefined ? "" : ` at or below ${constraint.under}`}`;
    case "length":
      return `at most ${constraint.max} long`;
    case "each":
      return `a list of which each is ${words(constraint.constraint)}`;
    case "object":
      return `an object whose ${Object.entries(constraint.properties)
        .map(([name, property]) => `${name} ${clause(property)}`)
        .join(", ")}`;
    case "optional":
    case "absent":
      return clause(constraint);
  }
}

function bounds({ min, max, min_inclusive = true, max_inclusive = true }: RangeConstraint): string {
  const low = min === undefined ? undefined : `${min_inclusive ? "at least" : "more than"} ${min}`;
  const high = max === undefined ? undefined : `${max_inclusive ? "at most" : "less than"} ${max}`;
  const both = [low, high].filter((bound) => bound !== undefined).join(" and ");
  return both === "" ? "" : ` of ${both}`;
}

function list(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(", ");
}
