import { HopwiseError } from "../errors.ts";
import { freezeJson, isJsonObject, isScalar, type JsonObject, type JsonValue, parseJson } from "../json/index.ts";
import { isObject } from "../options/index.ts";
import { type Leaving, leavingOf, type OutputSchema } from "./fits-schema.ts";
import type { Obligations } from "./obligations.ts";
import { listOfMcp } from "./of-mcp.ts";
import { mostAt, type Rule, rulesAt, rulesIn, takingOut } from "./rules.ts";
import { elementOf, mayBeNull, memberOf, type Place, rootPlace } from "./schema-place.ts";

/** Replaces a value that was taken out, where the tool announces nothing of its results. */
const REDACTED = "[redacted]";
const RESULT_LIMITS = { maxDepth: 64, maxSize: 16 * 1024 * 1024 };

/** A result as it may be shown. */
export interface Fulfilled {
  readonly result: unknown;
  /** The policies' pointers that found something, as they wrote them: bounded, and never a key of the data. */
  readonly redacted: readonly string[];
  /** The pointers of lists that were shortened; left out where none was. */
  readonly limited?: readonly string[];
}

/**
 * Changes a tool's result as policies oblige to: takes values out, and shortens lists. Reads a text as JSON first, and
 * writes it again. A value that is taken out of a result with an output schema leaves its place empty, or `null` there,
 * whichever the schema allows; without a schema, a word stands in its place. Where a tool returns nothing, or null, there is
 * nothing to change.
 *
 * @param outputSchema what the tool announces of its results
 * @throws {HopwiseError} `result_withheld` for a result without members (a text that is not JSON, a single value, an
 *   instance of a class), for one that is, or holds, what an MCP client gave, with its texts, for a limit that points at a value
 *   that is not a list, and for a pointer that leads into a text: then nothing of it may be shown. `config_invalid` for what are
 *   no obligations
 */
export function fulfil(obligations: Obligations, result: unknown, outputSchema?: OutputSchema): Fulfilled {
  const rules = rulesIn("fulfil", obligations);
  if (rules.length === 0 || result === undefined) return { result, redacted: [] };
  const isText = typeof result === "string";
  const value = isText ? jsonIn(result) : plain(result);
  // A sentence in quotes, or a bare number, has no members, and may be the very value that was to be taken out.
  if (isScalar(value) && value !== null) throw cannot("it is a single value, in which nothing can be found");
  if (outputSchema !== undefined && !isObject(outputSchema)) throw cannot("the tool's output schema could not be read");
  const change: Change = { redacted: new Set(), limited: new Set() };
  const changed = isTakenOut(rules, 0, change) ? REDACTED : changedBy(value, rules, change, outputSchema);
  return {
    result: isText ? JSON.stringify(changed) : changed,
    redacted: [...change.redacted],
    ...(change.limited.size > 0 && { limited: [...change.limited] }),
  };
}

function changedBy(
  value: JsonValue,
  rules: readonly Rule[],
  change: Change,
  outputSchema: OutputSchema | undefined,
): JsonValue {
  try {
    return changeAt(value, rules, 0, change, outputSchema ? rootPlace(outputSchema) : undefined);
  } catch (fault) {
    if (fault instanceof HopwiseError) throw fault;
    throw cannot("the tool's output schema could not be read");
  }
}

function jsonIn(text: string): JsonValue {
  try {
    return parseJson(text, { code: "result_withheld", what: "the result", maxDepth: RESULT_LIMITS.maxDepth });
  } catch {
    throw cannot("it is a text that is not JSON, or that two readers could read in two ways");
  }
}

function plain(result: unknown): JsonValue {
  try {
    return freezeJson(result, RESULT_LIMITS);
  } catch {
    throw cannot("it is not plain data");
  }
}

function ofMcp(list: string): string {
  return `it is, or holds, one of an MCP client ({ ${list}: [ … ] }), whose texts have the same values where no pointer finds them; take its "/${list}" out, or give what the texts say`;
}

function cannot(why: string): HopwiseError {
  return new HopwiseError(
    "result_withheld",
    `the policies oblige to change the result, and that cannot be done: ${why}; the result is withheld`,
  );
}

/** What is done to a result on the way through it. */
interface Change {
  /** The pointers, as the policies wrote them, at which something was taken out. */
  readonly redacted: Set<string>;
  /** Those at which a list was shortened. */
  readonly limited: Set<string>;
}

/**
 * Copies a value, and applies all obligations at once: every pointer refers to the result as the tool gave it.
 *
 * @param rules those that lead here; values that no rule leads to are not copied, so that a large result costs little
 * @param place where this is in what the tool announces; undefined where it announces nothing
 */
function changeAt(value: JsonValue, rules: readonly Rule[], depth: number, change: Change, place?: Place): JsonValue {
  if (rules.length === 0 || value === null) return value;
  const list = listOfMcp(value, rules, depth);
  if (list !== undefined) throw cannot(ofMcp(list));
  const most = mostAt(rules, depth);
  if (most !== undefined && !Array.isArray(value)) throw cannot("a limit points at a value that is not a list");
  if (Array.isArray(value)) return changeList(value, rules, depth, change, place);
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([key, member]) => {
      const further = rulesAt(rules, depth, key);
      if (!isTakenOut(further, depth + 1, change)) {
        return [key, changeAt(member, further, depth + 1, change, place && memberOf(place, key))] as const;
      }
      return [key, place === undefined ? REDACTED : leftOf(leavingOf(place, key))] as const;
    });
    return Object.fromEntries(members.filter(([, left]) => left !== undefined)) as JsonObject;
  }
  // The value that the policy means may stand inside the text, where a pointer cannot find it.
  if (typeof value === "string") throw cannot("a pointer leads into a text");
  return value;
}

function changeList(
  list: readonly JsonValue[],
  rules: readonly Rule[],
  depth: number,
  change: Change,
  place: Place | undefined,
): JsonValue {
  const most = mostAt(rules, depth) ?? list.length;
  if (list.length > most) {
    for (const rule of rules) if (rule.steps.length === depth) change.limited.add(rule.pointer);
  }
  const within = place && elementOf(place);
  return list.slice(0, most).map((item, i) => {
    const further = rulesAt(rules, depth, String(i));
    if (!isTakenOut(further, depth + 1, change)) return changeAt(item, further, depth + 1, change, within);
    // An element cannot leave: those behind it would take its place.
    return within === undefined ? REDACTED : (leftOf(mayBeNull(within) ? "null" : undefined) as null);
  });
}

function isTakenOut(rules: readonly Rule[], depth: number, { redacted }: Change): boolean {
  const out = takingOut(rules, depth);
  for (const { pointer } of out) redacted.add(pointer);
  return out.length > 0;
}

/** What stands in the place of a value that was taken out; undefined for nothing at all. */
function leftOf(leaving: Leaving | undefined): null | undefined {
  switch (leaving) {
    case "absent":
      return undefined;
    case "null":
      return null;
    case undefined:
      throw cannot("what would be left is not what the tool's output schema announces");
  }
}
