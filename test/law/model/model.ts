/**
 * The law in its plainest form: sets over small finite domains, and nothing but sets. No signatures, no table of what may
 * stand under what, no code of the library, of which only the types of the wire are borrowed. Read it beside the table of
 * constraints in the specification: both should plainly say the same.
 */
import type { JsonValue } from "@hopwise/core/adapter";
import type { Constraint, ConstraintOf, ConstraintType, Grant } from "@hopwise/core/grant";
import { isInRange } from "./addresses.ts";

/** What an argument can be; `undefined` is one that is not there. */
export type Argument = JsonValue | undefined;

type Named = { readonly [name: string]: JsonValue };

export interface Call {
  readonly tool: string;
  /** As they were sent. */
  readonly arguments: Named;
  /** What the tool's own schema made of them; left out where none follows. */
  readonly read?: Named | undefined;
  /** The JSON Schema that the tool announces of its arguments. */
  readonly announced?: JsonValue | undefined;
  /** The arguments that the tool's author vouches for. */
  readonly adds?: readonly string[];
  /** The enforcement point names the tool by a pattern alone. */
  readonly byPattern?: boolean;
}

/** A constraint is a set of values. */
export function denotes(constraint: Constraint, domain: readonly Argument[]): readonly Argument[] {
  return domain.filter((value) => has(constraint, value));
}

/** Whether a value lies in the set that a constraint stands for. */
export function has(constraint: Constraint, value: Argument): boolean {
  if (constraint.constraint_type === "absent") return value === undefined;
  if (constraint.constraint_type === "optional") return value === undefined || has(constraint.constraint, value);
  return value !== undefined && MEMBER[constraint.constraint_type](constraint as never, value);
}

type Members = {
  readonly [T in Exclude<ConstraintType, "optional" | "absent">]: (its: ConstraintOf<T>, v: JsonValue) => boolean;
};

/** One row of the specification's table each: which values that are there pass. */
const MEMBER: Members = {
  exact: (its, v) => inOrder(v) === inOrder(its.value),
  one_of: (its, v) => its.values.some((one) => one === v),
  not_one_of: (its, v) => its.excluded.every((one) => one !== v),
  range: (its, v) => typeof v === "number" && Number.isFinite(v) && isAbove(its, v) && isBelow(its, v),
  int: (its, v) => typeof v === "number" && Number.isSafeInteger(v) && isAbove(its, v) && isBelow(its, v),
  contains: (its, v) => isScalarList(v) && its.required.every((one) => v.some((item) => item === one)),
  subset: (its, v) => isScalarList(v) && v.every((item) => its.allowed.some((one) => one === item)),
  all: (its, v) => its.constraints.every((clause) => has(clause, v)),
  any: (its, v) => its.constraints.some((clause) => has(clause, v)),
  wildcard: () => true,
  prefix: (its, v) => typeof v === "string" && v.slice(0, its.value.length) === its.value,
  suffix: (its, v) =>
    typeof v === "string" && v.length >= its.value.length && v.slice(v.length - its.value.length) === its.value,
  path: (its, v) => typeof v === "string" && isPlainPath(v) && isUnder(v, its.root),
  url: (its, v) => typeof v === "string" && isPlainUrl(v) && isAt(its, v),
  cidr: (its, v) => typeof v === "string" && its.ranges.some((range) => isInRange(v, range)),
  length: (its, v) => (typeof v === "string" || isList(v)) && v.length <= its.max,
  each: (its, v) => isList(v) && v.every((item) => has(its.constraint, item)),
  object: (its, v) => isObject(v) && noneBut(its.properties, v) && everyMember(its.properties, v),
};

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly min_inclusive?: boolean;
  readonly max_inclusive?: boolean;
}

function isAbove({ min, min_inclusive }: Bounds, v: number): boolean {
  if (min === undefined) return true;
  return min_inclusive === false ? v > min : v >= min;
}

function isBelow({ max, max_inclusive }: Bounds, v: number): boolean {
  if (max === undefined) return true;
  return max_inclusive === false ? v < max : v <= max;
}

/** "Absolute POSIX path; a `.`, `..` or empty segment, `\`, `%`, NUL is refused, not resolved." */
function isPlainPath(text: string): boolean {
  return text === "/" || (/^(?:\/[^/\\%\0]+)+$/.test(text) && !/\/\.\.?(?:\/|$)/.test(text));
}

/** "At or below", segment by segment. */
function isUnder(path: string, root: string): boolean {
  return `${path}/`.startsWith(root === "/" ? "/" : `${root}/`);
}

/** "Equals its own WHATWG serialisation; no userinfo, fragment, `%2e %2f %5c`, `/..;`, `/..%3b`." */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text) || new URL(text).href !== text) return false;
  return (
    !/#|%2e|%2f|%5c|^[^?]*\/\.\.?(;|%3b)/i.test(text) &&
    !text
      .replace(/^[^:]*:\/\//, "")
      .replace(/[/?].*$/s, "")
      .includes("@")
  );
}

/** "Origin in an exact list; path at or below." */
function isAt({ origins, under = "/" }: ConstraintOf<"url">, text: string): boolean {
  const [, origin = "", path = ""] = /^([^:]+:\/\/[^/?]*)([^?]*)/.exec(text) ?? [];
  return origins.some((one) => one === origin) && isUnder(path === "" ? "/" : path, under);
}

function isList(v: JsonValue): v is readonly JsonValue[] {
  return Array.isArray(v);
}

function isObject(v: JsonValue): v is { readonly [name: string]: JsonValue } {
  return typeof v === "object" && v !== null && !isList(v);
}

/** "Arrays of scalars." */
function isScalarList(v: JsonValue): v is readonly JsonValue[] {
  return isList(v) && v.every((item) => !isList(item) && !isObject(item));
}

function noneBut(named: object, value: object): boolean {
  return Object.keys(value).every((name) => Object.hasOwn(named, name));
}

/** "Equal: the same canonical text": members in one order, -0 written as 0. */
function inOrder(v: JsonValue): string {
  if (isList(v)) return `[${v.map(inOrder).join()}]`;
  if (!isObject(v)) return JSON.stringify(v);
  const members = Object.keys(v).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${inOrder(v[name] as JsonValue)}`).join()}}`;
}

function everyMember(constraints: { readonly [name: string]: Constraint }, values: Named): boolean {
  return Object.entries(constraints).every(([name, constraint]) => has(constraint, own(values, name)));
}

function own<T>(values: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** Why a call lies outside of a grant, and by which of its arguments. */
export interface Outside {
  readonly code: "grant_tool_missing" | "grant_argument_refused" | "grant_argument_missing";
  readonly names: readonly string[];
}

/** A grant is a set of calls. A closed world; `{}` under a tool is the one way to say "any arguments". */
export function covers(grant: Grant, call: Call): boolean {
  return (outsideAsSent(grant, call) ?? outsideAsRead(grant, call)) === undefined;
}

/** "No argument was sent but those named. Each argument that was sent passes." */
export function outsideAsSent(grant: Grant, call: Call): Outside | undefined {
  const constraints = constraintsOf(grant, call);
  if (constraints === undefined) return { code: "grant_tool_missing", names: [] };
  if (constraints === "any") return undefined;
  const names = Object.keys(call.arguments).filter((name) => {
    const constraint = own(constraints, name);
    return constraint === undefined || !has(constraint, call.arguments[name]);
  });
  return names.length > 0 ? { code: "grant_argument_refused", names } : undefined;
}

/** "Each read argument that the grant names passes, too; any other was not sent and is the tool's own. Each named one is there." */
export function outsideAsRead(grant: Grant, call: Call): Outside | undefined {
  const constraints = constraintsOf(grant, call);
  if (constraints === undefined || constraints === "any") return undefined;
  const { arguments: sent, read = sent } = call;
  const strange = Object.keys(read).filter((name) => {
    const constraint = own(constraints, name);
    if (constraint !== undefined && constraint.constraint_type !== "absent") return !has(constraint, read[name]);
    return Object.hasOwn(sent, name) || !isOfTheTool(call, name, read[name] as JsonValue);
  });
  if (strange.length > 0) return { code: "grant_argument_refused", names: strange };
  const names = Object.entries(constraints)
    .filter(([name, its]) => own(sent, name) === undefined && own(read, name) === undefined && !has(its, undefined))
    .map(([name]) => name);
  return names.length > 0 ? { code: "grant_argument_missing", names } : undefined;
}

/** "Of the same canonical text as the announced default, or the tool's author says so." */
function isOfTheTool({ adds = [], announced = null }: Call, name: string, value: JsonValue): boolean {
  if (adds.some((one) => one === name)) return true;
  const properties = saidBy(announced, announced, "properties");
  const schema = properties !== undefined && isObject(properties) ? own(properties, name) : undefined;
  const byDefault = saidBy(announced, schema, "default");
  return byDefault !== undefined && inOrder(byDefault) === inOrder(value);
}

/** "Where it has none, and a `$ref` in its place, that is followed." The model's own schemas lead to members of `$defs`. */
function saidBy(whole: JsonValue, schema: JsonValue | undefined, word: string, left = 8): JsonValue | undefined {
  if (schema === undefined || !isObject(schema)) return undefined;
  const [said, reference] = [own(schema, word), own(schema, "$ref")];
  const [, name] = typeof reference === "string" ? (/^#\/\$defs\/(.*)$/.exec(reference) ?? []) : [];
  if (said !== undefined || left === 0 || name === undefined || !isObject(whole)) return said;
  const definitions = own(whole, "$defs");
  return saidBy(whole, definitions && isObject(definitions) ? own(definitions, name) : undefined, word, left - 1);
}

/** What a grant has for the tool of a call. Undefined where that was not handed over. */
function constraintsOf(grant: Grant, { tool, byPattern }: Call): Grant[string] | "any" | undefined {
  if (isEveryToolOf(tool, grant)) return byPattern ? undefined : "any";
  const constraints = tool.endsWith("mcp:tools/*") ? undefined : own(grant, tool);
  return constraints !== undefined && Object.keys(constraints).length === 0 ? "any" : constraints;
}

/** "Every tool": all names of its audience but those of operations of MCP. */
function isEveryToolOf(tool: string, grant: Grant): boolean {
  const [, audience = "", name = ""] = /^(.*#)?([^#]*)$/s.exec(tool) ?? [];
  return !/^(mcp:.*)?$/s.test(name) && Object.hasOwn(grant, `${audience}mcp:tools/*`);
}

/** Whether one set of calls lies within another, over a finite domain of calls: what "narrower" means. */
export function isWithin(parent: Grant, child: Grant, domain: readonly Call[]): boolean {
  return domain.every((call) => covers(parent, call) || !covers(child, call));
}

/** A user at the origin, and what each agent was given by the one before. */
export interface ModelChain {
  readonly user: string;
  /** The first agent was given a bound of what may be spent in all. Nobody counts. */
  readonly hasBudget?: boolean;
  readonly links: readonly { readonly agent: string; readonly grant: Grant }[];
}

/** Policies are functions: of the chain up to the hop that is asked, and of the call. */
export interface Policies {
  allows(upTo: readonly string[], call: Call): boolean;
  /** May the last of these hand this grant to the next, for this call? Left out where policies are not asked that. */
  handsOver?(upTo: readonly string[], to: string, grant: Grant, call: Call): boolean;
}

/** The law: every grant covers the call, every hop may do it, every hop but the last may hand over. */
export function isAllowed({ user, links, hasBudget = false }: ModelChain, call: Call, policies: Policies): boolean {
  const hops = [user, ...links.map(({ agent }) => agent)];
  const upTo = (hop: number): readonly string[] => hops.slice(0, hop + 1);
  return (
    !(hasBudget && links.length > 0) &&
    links.every(({ grant }) => covers(grant, call)) &&
    hops.every((_, hop) => policies.allows(upTo(hop), call)) &&
    links.every(({ agent, grant }, hop) => policies.handsOver?.(upTo(hop), agent, grant, call) ?? true)
  );
}
