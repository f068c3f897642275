import { HopwiseError } from "../errors.ts";
import { freezeJson, isJsonObject, type JsonValue } from "../json/index.ts";

/** What policies ask of whoever lets a call run. Those of all hops add up. */
export interface Obligations {
  /** What is taken out of the tool's result: JSON pointers (RFC 6901), `*` for every member or element. */
  readonly redact: readonly string[];
  /** How many items a list in the result may have at most, by its JSON pointer; `""` is the result itself. */
  readonly limit: { readonly [pointer: string]: number };
  /** Why somebody must approve first; then the call does not run before. */
  readonly approval?: string;
}

const NO_OBLIGATIONS: Obligations = { redact: [], limit: {} };
/** What stands in the place of a value that was taken out. */
const REDACTED = "[redacted]";
const RESULT_LIMITS = { maxDepth: 64, maxSize: 16 * 1024 * 1024 };

/** All obligations together: every redaction, the strictest limit, the first approval. */
export function addUp(all: readonly (Obligations | undefined)[]): Obligations {
  let sum = NO_OBLIGATIONS;
  for (const one of all) {
    if (one === undefined) continue;
    const limit: { [pointer: string]: number } = { ...sum.limit };
    for (const [pointer, most] of Object.entries(one.limit)) limit[pointer] = Math.min(most, limit[pointer] ?? most);
    const approval = sum.approval ?? one.approval;
    sum = {
      redact: [...new Set([...sum.redact, ...one.redact])],
      limit,
      ...(approval !== undefined && { approval }),
    };
  }
  return sum;
}

/** Whether anything has to be done to a result. */
export function changesResults({ redact, limit }: Obligations): boolean {
  return redact.length > 0 || Object.keys(limit).length > 0;
}

/** A result as it may be shown. */
export interface Fulfilled {
  readonly result: unknown;
  /** The pointers at which something was taken out. */
  readonly redacted: readonly string[];
}

/**
 * Does what policies oblige to: takes values out of a tool's result, and shortens lists. A text is read as JSON first
 * and written again.
 *
 * @throws {HopwiseError} `policy_inconclusive` for a result in which nothing can be found (a text that is no JSON, an
 *   instance of a class), or a limit on what is no list: then nothing of it may be shown
 */
export function fulfil(obligations: Obligations, result: unknown): Fulfilled {
  if (!changesResults(obligations)) return { result, redacted: [] };
  const isText = typeof result === "string";
  const value = isText ? jsonIn(result) : plain(result);
  const redacted: string[] = [];
  const changed = changeAt("", value, [], obligations, redacted);
  return { result: isText ? JSON.stringify(changed) : changed, redacted };
}

function jsonIn(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw cannot("it is a text that is no JSON");
  }
}

function plain(result: unknown): JsonValue {
  try {
    return freezeJson(result, RESULT_LIMITS);
  } catch {
    throw cannot("it is no plain data");
  }
}

function cannot(why: string): HopwiseError {
  return new HopwiseError(
    "policy_inconclusive",
    `the policies oblige to change the result, and that cannot be done: ${why}; the result is withheld`,
  );
}

/** Copies a value, changed by all obligations at once: a pointer means the result as the tool gave it. */
function changeAt(
  pointer: string,
  value: JsonValue,
  path: readonly string[],
  obligations: Obligations,
  redacted: string[],
): JsonValue {
  if (obligations.redact.some((wanted) => isAt(wanted, path))) {
    redacted.push(pointer);
    return REDACTED;
  }
  const limits = Object.entries(obligations.limit).filter(([wanted]) => isAt(wanted, path));
  const most = Math.min(...limits.map(([, number]) => number));
  if (limits.length > 0 && !Array.isArray(value)) throw cannot("a limit stands on what is no list");
  const change = (key: string, member: JsonValue): JsonValue =>
    changeAt(`${pointer}/${escaped(key)}`, member, [...path, key], obligations, redacted);
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).slice(0, most).map((item, i) => change(String(i), item));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(key, member)]));
}

function isAt(wanted: string, path: readonly string[]): boolean {
  const steps = wanted === "" ? [] : wanted.slice(1).split("/");
  return steps.length === path.length && steps.every((step, i) => step === "*" || step === escaped(path[i] as string));
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
