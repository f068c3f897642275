import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyCharacter } from "../../../../test/support/any-character.ts";
import { HopwiseError } from "../errors.ts";
import { parseJson, parseJsonBytes } from "./parse.ts";
import type { JsonValue } from "./value.ts";

const options = { code: "token_malformed", what: "the text", maxDepth: 4 } as const;
const parse = (text: string): JsonValue => parseJson(text, options);
const refused = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof HopwiseError && error.code === "token_malformed") return error.message;
    throw error;
  }
  return "accepted";
};

describe("the strict JSON parser", () => {
  it.each([
    ["a member named twice", '{"a":1,"a":2}', "a duplicate member name"],
    ["a member named twice, once by an escape", '{"aud":1,"\\u0061ud":2}', "a duplicate member name"],
    ["a member named twice deep inside", '[{"x":{"a":1,"b":2,"a":1}}]', "a duplicate member name"],
    ["an empty name twice", '{"":1,"":1}', "a duplicate member name"],
    ["a __proto__ member", '{"__proto__":{"admin":true}}', "a forbidden member name"],
    ["a __proto__ member written with escapes", '{"\\u005f_proto_\\u005f":1}', "a forbidden member name"],
    ["an escaped high surrogate alone", '"\\ud800"', "a lone surrogate"],
    ["an escaped low surrogate alone", '"\\udc00"', "a lone surrogate"],
    ["two surrogates in the wrong order", '"\\udc00\\ud800"', "a lone surrogate"],
    ["a surrogate at the end of a longer text", '"abc\\ud83d"', "a lone surrogate"],
    ["a lone surrogate in a member's name", '{"\\ud800":1}', "a lone surrogate"],
    ["a lone surrogate that is not escaped", '"\ud800"', "a lone surrogate"],
    ["a number beyond every double", "1e400", "a number that cannot be held exactly"],
    ["its negative", "-1e400", "a number that cannot be held exactly"],
    ["2^53, which 2^53+1 is read as", "9007199254740992", "a number that cannot be held exactly"],
    ["2^53+1", "9007199254740993", "a number that cannot be held exactly"],
    ["-2^53-1", "-9007199254740993", "a number that cannot be held exactly"],
    ["2^53+1 with a fraction of nothing", "9007199254740993.0", "a number that cannot be held exactly"],
    ["2^53+1 as a power", "9007199254740993e0", "a number that cannot be held exactly"],
    ["1e16", "1e16", "a number that cannot be held exactly"],
    ["a number after the value", "1 2", "something after the value"],
    ["a second object", "{}{}", "something after the value"],
    ["a NUL after the value", "1\u0000", "something after the value"],
    ["a byte order mark", "\ufeff1", "no value"],
    ["a byte order mark after the value", "1\ufeff", "something after the value"],
    ["a no-break space", "\u00a01", "no value"],
    ["a newline inside a string", '"a\nb"', "a control character"],
    ["a tab inside a string", '"a\tb"', "a control character"],
    ["a NUL inside a string", '"a\u0000b"', "a control character"],
    ["U+001F inside a string", '"\u001f"', "a control character"],
    ["nothing", "", "no value"],
    ["white space alone", " \n", "no value"],
    ["an unfinished string", '"abc', "an unfinished string"],
    ["a string that ends in a backslash", '"abc\\', "an unknown escape"],
    ["an escape that JSON does not have", '"\\x41"', "an unknown escape"],
    ["a unicode escape of three digits", '"\\u041"', "a broken unicode escape"],
    ["a unicode escape with a sign", '"\\u+041"', "a broken unicode escape"],
    ["a trailing comma in an array", "[1,]", "no value"],
    ["a trailing comma in an object", '{"a":1,}', "no member name"],
    ["a comment", "/**/1", "no value"],
    ["single quotes", "'a'", "no value"],
    ["a name without quotes", "{a:1}", "no member name"],
    ["a member without a colon", '{"a" 1}', "no colon"],
    ["an unfinished object", '{"a":1', "no comma and no end of the object"],
    ["an unfinished array", "[1", "no comma and no end of the array"],
    ["a number with a leading zero", "01", "something after the value"],
    ["a number with a plus sign", "+1", "no value"],
    ["a number without a whole part", ".5", "no value"],
    ["a number that ends in a point", "1.", "something after the value"],
    ["a hexadecimal number", "0x10", "something after the value"],
    ["NaN", "NaN", "no value"],
    ["Infinity", "Infinity", "no value"],
    ["undefined", "undefined", "no value"],
    ["a word in capitals", "TRUE", "no value"],
    ["a word that goes on", "truee", "something after the value"],
  ])("refuses %s", (_, text, problem) => {
    expect(refused(text)).toContain(problem);
  });

  it.each([
    ["the greatest safe integer", "9007199254740991", Number.MAX_SAFE_INTEGER],
    ["the least safe integer", "-9007199254740991", Number.MIN_SAFE_INTEGER],
    ["a fraction", "0.1", 0.1],
    ["a power", "1e3", 1000],
    ["a surrogate pair of escapes", '"\\ud83d\\ude00"', "😀"],
    ["an escaped control character", '"\\u0000\\n"', "\u0000\n"],
    ["every short escape", '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ["white space of all four kinds", " \t\r\n[ 1 , 2 ] ", [1, 2]],
    ["a member that an object inherits", '{"constructor":1,"toString":2}', { constructor: 1, toString: 2 }],
    ["names that differ in case", '{"a":1,"A":2}', { a: 1, A: 2 }],
  ])("reads %s", (_, text, value) => {
    expect(parse(text)).toStrictEqual(value);
  });

  it("reads nesting up to its limit and refuses one level more, in arrays and in objects", () => {
    expect(parse("[[[[]]]]")).toEqual([[[[]]]]);
    expect(refused("[[[[[]]]]]")).toContain("nesting deeper than 4");
    expect(parse('{"a":{"a":{"a":{"a":1}}}}')).toEqual({ a: { a: { a: { a: 1 } } } });
    expect(refused('{"a":{"a":{"a":{"a":{}}}}}')).toContain("nesting deeper than 4");
  });

  it("refuses a hundred thousand open brackets without overflowing the stack", () => {
    expect(refused("[".repeat(100_000))).toContain("nesting deeper than 4");
    expect(refused('{"a":'.repeat(100_000))).toContain("nesting deeper than 4");
  });

  it("reads nothing while all objects have a member that no text has", () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype["max"] = 1;
    try {
      expect(() => parseJsonBytes(new TextEncoder().encode("{}"), options)).toThrow(
        expect.objectContaining({ code: "guard_failed" }),
      );
    } finally {
      delete prototype["max"];
    }
  });

  it("leaves the prototype of what it reads alone", () => {
    const object = parse('{"constructor":{"prototype":1}}');
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["prototype"]).toBeUndefined();
  });

  it("refuses under the code it was given and repeats nothing of the text", () => {
    try {
      parseJson('{"secret-of-alice":tru}', { ...options, code: "proof_invalid", what: "the proof" });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "proof_invalid" });
      expect(String(error)).toContain("the proof is not acceptable JSON");
      expect(String(error)).not.toContain("alice");
    }
  });
});

describe("the strict JSON parser of bytes", () => {
  it.each([
    ["a byte that UTF-8 does not have", [0x22, 0xff, 0x22], "not valid UTF-8"],
    ["an overlong encoding", [0x22, 0xc0, 0xaf, 0x22], "not valid UTF-8"],
    ["a surrogate encoded as UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22], "not valid UTF-8"],
    ["a character that is cut off", [0x22, 0xe2, 0x82], "not valid UTF-8"],
    ["UTF-16", [0x22, 0x00, 0x61, 0x00, 0x22, 0x00], "a control character"],
    ["a byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d], "no value"],
  ])("refuses %s", (_, bytes, problem) => {
    expect(() => parseJsonBytes(Uint8Array.from(bytes), options)).toThrow(problem);
    expect(() => parseJsonBytes(Uint8Array.from(bytes), options)).toThrow(HopwiseError);
  });

  it("reads UTF-8", () => {
    expect(parseJsonBytes(new TextEncoder().encode('{"€":"😀"}'), options)).toEqual({ "€": "😀" });
  });
});

describe("the strict JSON parser, whatever comes", () => {
  const wide = { ...options, maxDepth: 32 };
  const numbers = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, min: -1, max: 1 }));
  const strings = fc.string({ unit: anyCharacter, maxLength: 8 });
  const { value: anyJson } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      numbers,
      strings,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(
        strings.filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }));

  it("reads back every value that JSON can say", () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        return isDeepStrictEqual(parseJson(text, wide), JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("either refuses a mutated text, or reads it as JSON.parse does", () => {
    const piece = fc.oneof(
      fc.constantFrom(...'{}[]:,"\\u0123456789.eE+- \n\ttruefalsn'),
      fc.constantFrom("\\u", "\\ud800", "\\udc00", "__proto__", "1e400", "9007199254740993", "\ufeff", "\u0000", '""'),
      fc.string({ unit: anyCharacter, maxLength: 2 }),
    );
    const edit = fc.record({ at: fc.nat(), remove: fc.nat({ max: 2 }), insert: piece });
    let accepted = 0;
    fc.assert(
      fc.property(anyJson, fc.array(edit, { minLength: 1, maxLength: 3 }), (value, edits) => {
        let text = JSON.stringify(value);
        for (const { at, remove, insert } of edits) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + insert + text.slice(from + remove);
        }
        let mine: JsonValue;
        try {
          mine = parseJson(text, wide);
        } catch (error) {
          return error instanceof HopwiseError;
        }
        accepted++;
        return isDeepStrictEqual(mine, JSON.parse(text));
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});
