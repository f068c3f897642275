import type { PlanResourcesResponse } from "@cerbos/core";
import { freezeJson, type JsonValue, PLAIN_JSON } from "../json/index.ts";
import { RESOURCE, type RowExpression } from "./row-condition.ts";

/** What one plan says of rows, or why it cannot be relied on: in words that quote nothing of it. */
export type PlanReading = { readonly rows: RowExpression | boolean } | { readonly problem: string };

const MOST_NODES = 5_000;
const DEEPEST = 64;
/** Characters of all values together. */
const LONGEST = 2_000_000;

/** By these, a plan carries an object of a principal's attributes, all of them at once, or all claims of a token. */
const CARRIERS: ReadonlySet<string> = new Set(["get-field", "set-field", "struct"]);

/** How much a plan says may be seen; `misfit` where something fits no schema, `unknown` for a kind of plan that nobody knows. */
export type PlanSees = "all" | "some" | "none" | "misfit" | "unknown";

/**
 * Reads the kind of a plan. What does not fit a schema is told first: beside it, the plan says "always denied", which would be
 * an empty list.
 */
export function seesOf({ kind, validationErrors = [] }: Partial<PlanResourcesResponse>): PlanSees {
  if (validationErrors.length > 0) return "misfit";
  if (kind === "KIND_ALWAYS_ALLOWED") return "all";
  if (kind === "KIND_ALWAYS_DENIED") return "none";
  return kind === "KIND_CONDITIONAL" ? "some" : "unknown";
}

/** What is wrong with a plan of a kind that nobody knows. */
export const UNKNOWN_PLAN = "the plan is of no known kind";

/** Reads the answer to `planResources`, which comes from elsewhere. */
export function readPlan(plan: Partial<PlanResourcesResponse>): PlanReading {
  switch (seesOf(plan)) {
    case "misfit": {
      const who = plan.validationErrors?.[0]?.source === "SOURCE_PRINCIPAL" ? "the principal" : "an argument";
      return { problem: `${who} does not fit its schema` };
    }
    case "all":
      return { rows: true };
    case "none":
      return { rows: false };
    case "unknown":
      return { problem: UNKNOWN_PLAN };
    case "some":
      return readCondition((plan as { readonly condition?: unknown }).condition);
  }
}

function readCondition(condition: unknown): PlanReading {
  try {
    const budget = { nodes: MOST_NODES, characters: LONGEST };
    return { rows: expressionIn(condition, budget, 0, []) };
  } catch (fault) {
    return { problem: fault instanceof Unreadable ? fault.message : "the plan's condition cannot be read" };
  }
}

class Unreadable extends Error {}

/** @param lambda names that stand for elements of lists here */
function expressionIn(
  node: unknown,
  budget: { nodes: number; characters: number },
  depth: number,
  lambda: readonly string[],
): RowExpression {
  if (--budget.nodes < 0 || depth > DEEPEST) throw new Unreadable("the plan's condition is too large");
  const { operator, operands, name, value } = Object(node) as { readonly [member: string]: unknown };
  if (typeof operator === "string" && Array.isArray(operands)) {
    if (CARRIERS.has(operator)) {
      throw new Unreadable(
        "the plan's condition would carry attributes of the principal: a rule reads one that it does not have (give it that " +
          "attribute, or ask for it first: has(P.attr.name)), or holds an object in one against the row (compare its members)",
      );
    }
    const inner = operator === "lambda" ? [...lambda, ...namesBound(operands)] : lambda;
    return Object.freeze({
      operator,
      operands: Object.freeze(operands.map((operand) => expressionIn(operand, budget, depth + 1, inner))),
    });
  }
  if (typeof name === "string") {
    if (lambda.includes(name) || lambda.some((bound) => name.startsWith(`${bound}.`)) || name.startsWith(RESOURCE)) {
      return Object.freeze({ name });
    }
    throw new Unreadable("the plan's condition names something else than the resource, such as the principal");
  }
  if (value !== undefined) return Object.freeze({ value: valueIn(value, budget) });
  throw new Unreadable("the plan's condition is incomplete");
}

/** The names that a lambda binds: all its operands but the first. */
function namesBound(operands: readonly unknown[]): readonly string[] {
  return operands.slice(1).flatMap((operand) => {
    const { name } = Object(operand) as { readonly name?: unknown };
    return typeof name === "string" && !name.startsWith("request") ? [name] : [];
  });
}

function valueIn(value: unknown, budget: { characters: number }): JsonValue {
  try {
    const own = freezeJson(value, { maxDepth: 32, maxSize: budget.characters });
    budget.characters -= JSON.stringify(own).length;
    return own;
  } catch {
    throw new Unreadable(`the plan's condition has a value that is not of ${PLAIN_JSON}, or is too long`);
  }
}
