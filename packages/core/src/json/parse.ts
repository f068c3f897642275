import type { ErrorCode } from "../codes.ts";
import { HopwiseError } from "../errors.ts";
import { strayMember } from "../lib/index.ts";
import { isExactNumber, isForbiddenKey, type JsonValue } from "./value.ts";

/** How a text is to be read, and under which code it is refused. */
export interface ParseOptions {
  readonly code: ErrorCode;
  /** Names the text in the error, such as "the proof's payload". */
  readonly what: string;
  /** Deepest nesting of arrays and objects that is accepted. */
  readonly maxDepth: number;
  /** How the refusal of what nests deeper ends: what to do. */
  readonly deeper?: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const numberSyntax = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const hex4 = /^[0-9a-fA-F]{4}$/;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Reads exactly one JSON value, as strictly as I-JSON (RFC 7493) asks: no duplicate names, no lone surrogates, no
 * integer that a double cannot hold, no byte order mark, no `__proto__`.
 *
 * `JSON.parse` is not enough at this door: of two members of the same name it keeps the last, and other parsers keep
 * the first, so another reader could see other values than those that were checked. Every character is visited once.
 *
 * @throws {HopwiseError} with `options.code`, naming the place
 */
export function parseJson(text: string, { code, what, maxDepth, deeper = "" }: ParseOptions): JsonValue {
  let at = 0;

  const fail = (problem: string, remedy = ""): never => {
    throw new HopwiseError(code, `${what} is not acceptable JSON: ${problem} at character ${at}${remedy}`);
  };

  const skipSpace = (): void => {
    for (;;) {
      const c = text.charCodeAt(at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      at++;
    }
  };

  const readEscape = (): string => {
    const letter = text[at + 1] ?? "";
    if (letter !== "u") {
      const plain = escapes[letter];
      if (plain === undefined) return fail("an unknown escape");
      at += 2;
      return plain;
    }
    const digits = text.slice(at + 2, at + 6);
    if (!hex4.test(digits)) return fail("a broken unicode escape");
    at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  };

  const readString = (): string => {
    const start = ++at;
    let value = "";
    let from = start;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === 0x22) break;
      if (c === 0x5c) {
        value += text.slice(from, at) + readEscape();
        from = at;
      } else if (c < 0x20 || Number.isNaN(c)) {
        return fail(Number.isNaN(c) ? "an unfinished string" : "a control character");
      } else {
        at++;
      }
    }
    value += text.slice(from, at);
    if (!value.isWellFormed()) return fail("a lone surrogate");
    at++;
    return value;
  };

  const readNumber = (): number => {
    numberSyntax.lastIndex = at;
    const match = numberSyntax.exec(text);
    if (match === null) return fail("no value");
    const value = Number(match[0]);
    if (!isExactNumber(value)) return fail("a number that cannot be held exactly");
    at += match[0].length;
    return value;
  };

  const readArray = (depth: number): JsonValue => {
    const items: JsonValue[] = [];
    at++;
    skipSpace();
    if (text[at] === "]") {
      at++;
      return items;
    }
    for (;;) {
      items.push(readValue(depth + 1));
      skipSpace();
      const c = text[at];
      if (c !== "," && c !== "]") return fail("no comma and no end of the array");
      at++;
      if (c === "]") return items;
    }
  };

  const readObject = (depth: number): JsonValue => {
    const object: Record<string, JsonValue> = {};
    at++;
    skipSpace();
    if (text[at] === "}") {
      at++;
      return object;
    }
    for (;;) {
      skipSpace();
      if (text[at] !== '"') return fail("no member name");
      const key = readString();
      if (isForbiddenKey(key)) return fail("a forbidden member name");
      if (Object.hasOwn(object, key)) return fail("a duplicate member name");
      skipSpace();
      if (text[at] !== ":") return fail("no colon");
      at++;
      object[key] = readValue(depth + 1);
      skipSpace();
      const c = text[at];
      if (c !== "," && c !== "}") return fail("no comma and no end of the object");
      at++;
      if (c === "}") return object;
    }
  };

  const readValue = (depth: number): JsonValue => {
    skipSpace();
    const c = text[at];
    if ((c === "{" || c === "[") && depth >= maxDepth) return fail(`nesting deeper than ${maxDepth}`, deeper);
    if (c === "{") return readObject(depth);
    if (c === "[") return readArray(depth);
    if (c === '"') return readString();
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    return readNumber();
  };

  const value = readValue(0);
  skipSpace();
  if (at !== text.length) return fail("something after the value");
  return value;
}

/**
 * Reads bytes as UTF-8 JSON; see {@link parseJson}. A byte order mark is not white space and so is refused.
 *
 * @throws {HopwiseError} `guard_failed`, too, where what the text leaves out would be read from a prototype
 */
export function parseJsonBytes(bytes: Uint8Array, options: ParseOptions): JsonValue {
  const stray = strayMember();
  if (stray !== undefined) throw new HopwiseError("guard_failed", stray);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new HopwiseError(options.code, `${options.what} is not valid UTF-8`);
  }
  return parseJson(text, options);
}
