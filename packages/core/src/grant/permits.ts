import { freezeArguments, type JsonObject, type JsonValue, pointerTo } from "../json/index.ts";
import { isObject, mustBe } from "../options/index.ts";
import { passes } from "./check.ts";
import type { Constraint, Grant, ToolGrant } from "./constraint.ts";
import { checkMade } from "./made.ts";
import { newWork, type Work } from "./work.ts";

/** Why a grant does not cover a call. Names the argument and the rule, never the value. */
export interface Refusal {
  readonly code: "grant_tool_missing" | "grant_argument_refused";
  /** JSON pointer (RFC 6901) into the arguments; empty for the tool as a whole. */
  readonly pointer: string;
  readonly rule: string;
  /** The constraint that the grant has there; undefined where it does not allow this argument at all. */
  readonly expected: Constraint | undefined;
}

/**
 * Whether a grant covers a call with these arguments; undefined means yes (step 6 of the AAT draft, section 7).
 *
 * As soon as the grant constrains one argument of the tool, exactly the named arguments are required and allowed.
 */
export function refusal(grant: Grant, tool: string, args: JsonObject, work: Work = newWork()): Refusal | undefined {
  if (!Object.hasOwn(grant, tool)) {
    return { code: "grant_tool_missing", pointer: "", rule: "the tool was not handed over", expected: undefined };
  }
  const constraints = grant[tool] as ToolGrant;
  const names = Object.keys(constraints);
  if (names.length === 0) return undefined;
  const refuse = (name: string, rule: string, expected?: Constraint): Refusal => ({
    code: "grant_argument_refused",
    pointer: pointerTo("", name),
    rule,
    expected,
  });
  for (const name of Object.keys(args)) {
    if (!Object.hasOwn(constraints, name)) return refuse(name, "the argument was not handed over");
  }
  for (const name of names) {
    const constraint = constraints[name] as Constraint;
    const value = Object.hasOwn(args, name) ? (args[name] as JsonValue) : undefined;
    if (!passes(constraint, value, work))
      return refuse(name, `the argument does not pass ${constraint.constraint_type}`, constraint);
  }
  return undefined;
}

const LIMITS = { maxDepth: 64, maxSize: 16_000_000 };

/**
 * Whether a grant covers a call with these arguments.
 *
 * @throws {HopwiseError} `config_invalid` for what is no grant, no tool's name or no object; `arguments_malformed` for
 *   arguments that are not plain data
 */
export function permits(grant: Grant, tool: string, args: JsonObject): boolean {
  checkMade("permits", "grant", grant);
  if (typeof tool !== "string") mustBe("permits", "tool", "a tool's name, such as send_payment", tool);
  if (!isObject(args)) mustBe("permits", "args", 'the arguments of a call, such as { to: "ACME" }', args);
  return refusal(grant, tool, freezeArguments(args, LIMITS)) === undefined;
}

/** Whether a grant could cover a call of which only some arguments are known yet, so that a list may show its tool. */
export function couldPermit(grant: Grant, tool: string, known: JsonObject): boolean {
  if (!Object.hasOwn(grant, tool)) return false;
  const constraints = grant[tool] as ToolGrant;
  if (Object.keys(constraints).length === 0) return true;
  return Object.entries(known).every(
    ([name, value]) => Object.hasOwn(constraints, name) && passes(constraints[name] as Constraint, value),
  );
}
