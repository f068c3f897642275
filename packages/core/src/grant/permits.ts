import { freezeJson, type JsonObject, type JsonValue, pointerTo } from "../json/index.ts";
import { isPlainObject, mustBe } from "../options/index.ts";
import { passes } from "./check.ts";
import { type Constraint, type Grant, KINDS, type ToolGrant } from "./constraint.ts";
import { toolGrantOf } from "./every-tool.ts";
import { checkMade } from "./made.ts";
import { isSpent, newWork, type Work } from "./work.ts";

/** Why a grant does not cover a call. Names the argument and the rule, never the value. */
export interface Uncovered {
  readonly code: "grant_tool_missing" | "grant_argument_refused" | "grant_argument_missing";
  /** JSON pointer (RFC 6901) into the arguments; empty for the tool as a whole. */
  readonly pointer: string;
  readonly rule: string;
  /** The constraint that the grant has there; undefined where it does not allow this argument at all. */
  readonly expected: Constraint | undefined;
}

/** The arguments of a call, before and after the tool's own schema. */
export interface ReadArguments {
  readonly sent: JsonObject;
  /** What the schema made of them; undefined where none follows, or it changes nothing. */
  readonly parsed?: JsonObject | undefined;
  /** Whether an argument that was not sent is the tool's own, and so nobody's to hand over. Default: none is. */
  readonly isOwn?: (name: string, value: JsonValue) => boolean;
  /** Whether an argument may be missing since its constraint is held against rows of data in its place. Default: none is. */
  readonly isOfRows?: (name: string) => boolean;
}

/**
 * Whether a grant covers what was sent; undefined means yes (step 6 of the AAT draft, section 7). A grant of every tool covers
 * each tool's own name here: which ones the enforcement point names is asked there.
 *
 * As soon as the grant constrains one argument of the tool, no other than the named ones may be sent. An argument that is
 * missing may still come of the tool's own schema: {@link refusalOfRead} tells.
 */
export function refusalOfSent(
  grant: Grant,
  tool: string,
  sent: JsonObject,
  work: Work = newWork(),
): Uncovered | undefined {
  const constraints = toolGrantOf(grant, tool);
  if (constraints === undefined) {
    return { code: "grant_tool_missing", pointer: "", rule: "the tool was not handed over", expected: undefined };
  }
  if (letsAnyPass(constraints)) return undefined;
  for (const name of Object.keys(sent)) {
    if (!Object.hasOwn(constraints, name)) return refused(name, NOT_HANDED_OVER);
  }
  for (const name of Object.keys(constraints)) {
    if (!Object.hasOwn(sent, name)) continue;
    const constraint = constraints[name] as Constraint;
    if (passes(constraint, sent[name], work)) continue;
    return orTooMuch(refused(name, `the argument does not pass ${constraint.constraint_type}`, constraint), work);
  }
  return undefined;
}

/**
 * Whether a grant covers a call once the tool's own schema read it: every argument is there that has to be, sent or put
 * there by the schema, and what the schema made passes as what was sent did. Of a grant that covers what was sent.
 */
export function refusalOfRead(
  grant: Grant,
  tool: string,
  { sent, parsed = sent, isOwn = () => false, isOfRows = () => false }: ReadArguments,
  work: Work = newWork(),
): Uncovered | undefined {
  const constraints = toolGrantOf(grant, tool);
  if (constraints === undefined || letsAnyPass(constraints)) return undefined;
  // What the schema left alone passed already.
  for (const name of parsed === sent ? [] : Object.keys(parsed)) {
    const constraint = Object.hasOwn(constraints, name) ? constraints[name] : undefined;
    const value = parsed[name] as JsonValue;
    const isAdded = !Object.hasOwn(sent, name);
    if (isAdded && mayBeOwn(constraint) && isOwn(name, value)) continue;
    const ofValue = ofPresent(constraint);
    if (constraint === undefined || ofValue === undefined)
      return refused(name, `${PUT_THERE}, and it was not handed over; ${HOW_TO_OWN}`);
    if (passes(constraint, value, work)) continue;
    // It was left out: that it may be is no help.
    const wrong = isAdded
      ? refused(name, `${PUT_THERE}, which does not pass ${ofValue.constraint_type}; send one that does`, ofValue)
      : refused(name, `${MADE_OF_IT} does not pass ${constraint.constraint_type}`, constraint);
    return orTooMuch(wrong, work);
  }
  for (const name of Object.keys(constraints)) {
    if (Object.hasOwn(sent, name) || Object.hasOwn(parsed, name) || isOfRows(name)) continue;
    const expected = constraints[name] as Constraint;
    if (passes(expected, undefined, work)) continue;
    const rule = `the argument is missing, and ${expected.constraint_type} needs one; send it`;
    return orTooMuch({ code: "grant_argument_missing", pointer: pointerTo("", name), rule, expected }, work);
  }
  return undefined;
}

/** The rule where an argument was sent that the grant does not name. */
export const NOT_HANDED_OVER = "the argument was not handed over";
/** How the rule begins where nobody sent what does not pass. */
export const PUT_THERE = "the tool's own schema put a value there that was not sent";
/** How the rule begins where what was sent passes, and what became of it does not. */
export const MADE_OF_IT = "what the tool's own schema made of it";
/** The rule where that cannot be judged, whatever was sent. */
export const MADE_UNREADABLE = "what the tool's own schema or projection makes of the arguments is no plain JSON";
/** The rule where it is not known whether it passes. */
export const TOO_MUCH =
  "checking the arguments takes more steps than one call may; send fewer or shorter values, or hand over by fewer clauses";
const HOW_TO_OWN = "a default that its input schema announces needs no grant, nor what the tool map's adds name";

/** Whether an argument that nobody sent may pass without being held against the grant: none was asked of its sender. */
function mayBeOwn(constraint: Constraint | undefined): boolean {
  return constraint === undefined || KINDS.get(constraint.constraint_type)?.passesOwn === true;
}

/** What a value has to pass that is there; undefined where there must be none. */
function ofPresent(constraint: Constraint | undefined): Constraint | undefined {
  const kind = constraint && KINDS.get(constraint.constraint_type);
  return kind?.passesMissing ? kind.inner?.(constraint as Constraint)[0] : constraint;
}

function letsAnyPass(constraints: ToolGrant): boolean {
  return Object.keys(constraints).length === 0;
}

/** Where the steps of the call are used up, nobody knows whether it passes: what would pass may be just what came. */
function orTooMuch(wrong: Uncovered, work: Work): Uncovered {
  return isSpent(work) ? { ...wrong, rule: TOO_MUCH, expected: undefined } : wrong;
}

function refused(name: string, rule: string, expected?: Constraint): Uncovered {
  return { code: "grant_argument_refused", pointer: pointerTo("", name), rule, expected };
}

/** Why a grant does not cover a call whose arguments no schema changes; undefined where it does. */
export function refusal(grant: Grant, tool: string, sent: JsonObject, work: Work = newWork()): Uncovered | undefined {
  return refusalOfSent(grant, tool, sent, work) ?? refusalOfRead(grant, tool, { sent }, work);
}

const LIMITS = { maxDepth: 64, maxSize: 16_000_000 };

/**
 * Whether a grant covers a call whose arguments no schema changes; one of every tool covers each that an enforcement point
 * names.
 *
 * @throws {HopwiseError} `config_invalid` for what is no grant, no tool's name or no object; `arguments_malformed` for
 *   arguments that are not plain data
 */
export function permits(grant: Grant, tool: string, args: JsonObject): boolean {
  checkMade("permits", "grant", grant);
  if (typeof tool !== "string") mustBe("permits", "tool", "a tool's name, such as send_payment", tool);
  if (!isPlainObject(args)) mustBe("permits", "args", 'the arguments of a call, such as { to: "ACME" }', args);
  return refusal(grant, tool, freezeJson(args, LIMITS) as JsonObject) === undefined;
}

/** Whether a grant could cover a call of which only some arguments are known yet, so that a list may show its tool. */
export function couldPermit(grant: Grant, tool: string, known: JsonObject): boolean {
  return refusalOfSent(grant, tool, known) === undefined;
}
