import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyCharacter } from "../../../../test/support/any-character.ts";
import { canonicalJson } from "./canonical.ts";
import { parseJson } from "./parse.ts";
import type { JsonValue } from "./value.ts";

const options = { code: "token_malformed", what: "the text", maxDepth: 32 } as const;

/** The double that has these bits, as RFC 8785, appendix B writes them. */
function doubleOf(bits: string): number {
  return Buffer.from(bits, "hex").readDoubleBE();
}

describe("canonical JSON (RFC 8785)", () => {
  it("writes the sample of section 3.2.2", () => {
    const input = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalJson(JSON.parse(input))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it("sorts members by UTF-16 code units, as the sample of section 3.2.3 has them", () => {
    const sorted = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"];
    const object = Object.fromEntries(
      ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"].map((key) => [key, sorted.indexOf(key)]),
    );
    expect(canonicalJson(object).match(/:\d/g)).toEqual([":0", ":1", ":2", ":3", ":4", ":5", ":6"]);
  });

  it("sorts names that look like numbers as texts, and short names before longer ones", () => {
    expect(canonicalJson({ b: 0, "10": 0, "9": 0, aa: 0, a: 0, "": 0 })).toBe('{"":0,"10":0,"9":0,"a":0,"aa":0,"b":0}');
  });

  it("sorts at every depth and keeps the order of arrays", () => {
    expect(canonicalJson([{ b: [3, 1, 2], a: { d: 1, c: 2 } }])).toBe('[{"a":{"c":2,"d":1},"b":[3,1,2]}]');
  });

  it.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("writes the number %s of appendix B as %s", (bits, text) => {
    expect(canonicalJson(doubleOf(bits))).toBe(text);
  });

  it.each([
    ['"\\u000b"', '"\\u000b"'],
    ['"\\u001F"', '"\\u001f"'],
    ['"\\u007f"', '"\u007f"'],
    ['"\\u2028"', '"\u2028"'],
    ['"\\/"', '"/"'],
    ['"\\u0041"', '"A"'],
    ["1.0", "1"],
    ["-0", "0"],
    ["1E2", "100"],
  ])("writes %s in one way only", (text, canonical) => {
    expect(canonicalJson(parseJson(text, options))).toBe(canonical);
  });

  it("is the same for the same value, however its members were ordered and its text was written", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: anyCharacter, maxLength: 3 }), fc.oneof(fc.integer(), fc.boolean()), {
          noNullPrototype: true,
          maxKeys: 6,
        }),
        (object) => {
          const plain = Object.fromEntries(Object.entries(object).filter(([key]) => key !== "__proto__"));
          const reversed = Object.fromEntries(Object.entries(plain).reverse()) as JsonValue;
          const text = canonicalJson(reversed);
          return text === canonicalJson(plain) && canonicalJson(parseJson(text, options)) === text;
        },
      ),
    );
  });
});
