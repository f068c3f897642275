import { HopwiseError, isOwn } from "../errors.ts";
import { dropPromises, forMore, isOfLiterals } from "../lib/index.ts";
import { isExactNumber, isForbiddenKey, isJsonObject, type JsonObject, type JsonValue, pointerTo } from "./value.ts";

/** Bounds of an arguments object. */
export interface FreezeLimits {
  readonly maxDepth: number;
  /** Longest canonical text, in characters (UTF-16 code units). */
  readonly maxSize: number;
  /** Whether they are those of a call's arguments, which can be set. */
  readonly ofArguments?: boolean;
}

/** A name of no letters, a colon, a number. */
const SHORTEST_MEMBER = 4;

/** Characters that JSON writes as more than one. */
const NEEDS_ESCAPE = /["\\\p{Cc}]/u;

/** Refused for what data can be, whoever wrote it, and why: see {@link whyBeyond}. */
const BEYOND = new WeakMap<object, string>();

/**
 * Why a value was refused for more than may be judged, in words that quote nothing of it: too long or too deep, a number that no
 * reader holds exactly, half a character, a forbidden name. Whoever writes data can write such a value. What no data is,
 * such as a `Date`, is a mistake of the program that gave it: then it is undefined.
 */
export function whyBeyond(refusal: unknown): string | undefined {
  return BEYOND.get(Object(refusal));
}

/**
 * Copies a value that must be plain JSON, deeply frozen, reading every property exactly once.
 *
 * Hopwise checks and hashes the copy, and the tool runs with it, so a getter, a proxy or a reference kept elsewhere
 * cannot show the tool another value than the policy saw. Values that JSON cannot say (Date, Map, URL, functions, class
 * instances, symbols) are refused: a lossy copy would run another call than the one that was asked for.
 *
 * @throws {HopwiseError} `arguments_malformed` with the JSON pointer of the first offending place
 */
export function freezeJson(value: unknown, limits: FreezeLimits): JsonValue {
  let budget = limits.maxSize;

  const spend = (size: number, pointer: string): void => {
    budget -= size;
    if (budget < 0) tooLong(pointer);
  };

  const tooLong = (pointer: string): never =>
    exceeds(pointer, `they are longer than ${limits.maxSize} characters`, limits.ofArguments && "argumentsSize");

  const text = (string: string, pointer: string): string => {
    spend(NEEDS_ESCAPE.test(string) ? JSON.stringify(string).length : string.length + 2, pointer);
    return string.isWellFormed() ? string : exceeds(pointer, "a lone surrogate");
  };

  const copy = (item: unknown, pointer: string, depth: number): JsonValue => {
    switch (typeof item) {
      case "string":
        return text(item, pointer);
      case "number":
        spend(String(item).length, pointer);
        if (!isExactNumber(item)) return exceeds(pointer, "a number that cannot be held exactly");
        return item === 0 ? 0 : item; // -0 and 0 have one text, and the tool runs with what that text says
      case "boolean":
        spend(item ? 4 : 5, pointer);
        return item;
      case "object":
        if (item === null) {
          spend(4, pointer);
          return item;
        }
        if (depth >= limits.maxDepth)
          return exceeds(pointer, `nesting deeper than ${limits.maxDepth}`, limits.ofArguments && "argumentsDepth");
        return Array.isArray(item) ? copyArray(item, pointer, depth) : copyObject(item, pointer, depth);
      default:
        return refuse(pointer, `${item === undefined ? item : `a ${typeof item}`}, which JSON cannot say`);
    }
  };

  const copyArray = (items: readonly unknown[], pointer: string, depth: number): JsonValue => {
    const out: JsonValue[] = [];
    const length = items.length;
    spend(2 + Math.max(0, length - 1), pointer); // brackets and commas
    for (let i = 0; i < length; i++) out.push(copy(items[i], pointerTo(pointer, i), depth + 1));
    return Object.freeze(out);
  };

  const copyObject = (object: object, pointer: string, depth: number): JsonValue => {
    // Own members alone are read: what somebody put on the prototype of another realm is in no copy.
    if (!isOfLiterals(object)) {
      dropPromises(object);
      const what = object instanceof Promise ? "a promise, which was not awaited," : "an object that is not plain data";
      return refuse(pointer, what);
    }
    const out: Record<string, JsonValue> = {};
    spend(2, pointer); // braces
    // To list a million names takes three times as long with those that cannot be enumerated: first they are counted. By all that
    // there may be, not by what is left of it: a member that is undefined takes nothing.
    if (Object.keys(object).length > limits.maxSize / SHORTEST_MEMBER) tooLong(pointer);
    let separator = 0;
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === "symbol") return refuse(pointer, "a symbol as a key");
      if (isForbiddenKey(key)) return exceeds(pointer, "a forbidden member name");
      const member = (object as Record<string, unknown>)[key];
      // An optional member that a schema left undefined is an absent member: JSON has no other way to say it.
      if (member === undefined) continue;
      text(key, pointer);
      spend(1 + separator, pointer); // a colon, and a comma before all but the first
      separator = 1;
      out[key] = copy(member, pointerTo(pointer, key), depth + 1);
    }
    return Object.freeze(out);
  };

  try {
    return copy(value, "", 0);
  } catch (error) {
    if (isOwn(error)) throw error;
    // A getter or a proxy threw while it was read: the value is not plain data.
    throw new HopwiseError("arguments_malformed", "the arguments cannot be judged: reading them failed", {
      cause: error,
    });
  }
}

function refuse(pointer: string, problem: string): never {
  throw refusalAt(pointer, problem);
}

function exceeds(pointer: string, problem: string, limit?: string | false): never {
  const beyond = refusalAt(pointer, problem, limit ? `; ${forMore(limit, "client and server")}` : "");
  BEYOND.set(beyond, problem);
  throw beyond;
}

function refusalAt(pointer: string, problem: string, more = ""): HopwiseError {
  const message = `the arguments cannot be judged: ${problem} at "${pointer}"${more}`;
  return new HopwiseError("arguments_malformed", message, { pointer });
}

/** The bounds of a call's arguments, among all limits. */
interface ArgumentsLimits {
  readonly argumentsDepth: number;
  readonly argumentsSize: number;
}

/** {@link freezeJson} for the arguments of a call, which are an object; absent arguments are the empty object. */
export function freezeArguments(
  value: unknown,
  { argumentsDepth: maxDepth, argumentsSize: maxSize }: ArgumentsLimits,
): JsonObject {
  const frozen = freezeJson(value ?? {}, { maxDepth, maxSize, ofArguments: true });
  if (isJsonObject(frozen)) return frozen;
  throw new HopwiseError("arguments_malformed", "the arguments of a call must be a JSON object", { pointer: "" });
}
