import { HopwiseError } from "../errors.ts";
import { freezeJson, isJsonObject, isScalar, type JsonValue, parseJson } from "../json/index.ts";
import { changesResults, type Obligations } from "./obligations.ts";

/** Replaces a value that was taken out. */
const REDACTED = "[redacted]";
const RESULT_LIMITS = { maxDepth: 64, maxSize: 16 * 1024 * 1024 };

/** A result as it may be shown. */
export interface Fulfilled {
  readonly result: unknown;
  /** The policies' pointers that found something, as they wrote them: bounded, and never a key of the data. */
  readonly redacted: readonly string[];
}

/**
 * Changes a tool's result as policies oblige to: takes values out, and shortens lists. Reads a text as JSON first, and
 * writes it again.
 *
 * @throws {HopwiseError} `result_withheld` for a result without members (a text that is not JSON, a single value, an
 *   instance of a class), or a limit that points at a value that is not a list: then nothing of it may be shown
 */
export function fulfil(obligations: Obligations, result: unknown): Fulfilled {
  if (!changesResults(obligations)) return { result, redacted: [] };
  const isText = typeof result === "string";
  const value = isText ? jsonIn(result) : plain(result);
  // A sentence in quotes, or a bare number, has no members, and may be the very value that was to be taken out.
  if (isScalar(value)) throw cannot("it is a single value, in which nothing can be found");
  const found = new Set<string>();
  const changed = changeAt(value, rulesOf(obligations), 0, found);
  return { result: isText ? JSON.stringify(changed) : changed, redacted: [...found] };
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

function cannot(why: string): HopwiseError {
  return new HopwiseError(
    "result_withheld",
    `the policies oblige to change the result, and that cannot be done: ${why}; the result is withheld`,
  );
}

/** One obligation, as the steps of its pointer. With `most` it shortens a list; without, it takes the value out. */
interface Rule {
  readonly pointer: string;
  readonly steps: readonly string[];
  readonly most?: number;
}

function rulesOf({ redact, limit }: Obligations): readonly Rule[] {
  return [
    ...redact.map((pointer) => ({ pointer, steps: stepsOf(pointer) })),
    ...Object.entries(limit).map(([pointer, most]) => ({ pointer, steps: stepsOf(pointer), most })),
  ];
}

function stepsOf(pointer: string): readonly string[] {
  const steps = pointer === "" ? [] : pointer.slice(1).split("/");
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/**
 * Copies a value, and applies all obligations at once: every pointer refers to the result as the tool gave it.
 *
 * @param rules those that lead here; values that no rule leads to are not copied, so that a large result costs little
 * @param found collects the pointers, as the policies wrote them, at which something was taken out
 */
function changeAt(value: JsonValue, rules: readonly Rule[], depth: number, found: Set<string>): JsonValue {
  if (rules.length === 0) return value;
  const here = rules.filter(({ steps }) => steps.length === depth);
  const out = here.filter(({ most }) => most === undefined);
  if (out.length > 0) {
    for (const { pointer } of out) found.add(pointer);
    return REDACTED;
  }
  const most = Math.min(...here.map((rule) => rule.most as number));
  if (here.length > 0 && !Array.isArray(value)) throw cannot("a limit points at a value that is not a list");
  const change = (key: string, member: JsonValue): JsonValue => {
    const further = rules.filter(({ steps }) => steps[depth] === "*" || steps[depth] === key);
    return changeAt(member, further, depth + 1, found);
  };
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).slice(0, most).map((item, i) => change(String(i), item));
  }
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(key, member)]));
  }
  // The value that the policy means may stand inside the text, where a pointer cannot find it.
  if (typeof value === "string" && rules.some(({ steps }) => !steps.slice(0, depth).includes("*"))) {
    throw cannot("a pointer leads into a text");
  }
  return value;
}
