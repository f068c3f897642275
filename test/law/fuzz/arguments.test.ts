/**
 * Argument texts and argument values: what is read is what `JSON.parse` reads, or it is refused, and it is refused only
 * for what I-JSON forbids. Never a crash.
 */

import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { canonicalJson, freezeJson, type JsonValue, parseJson } from "../../../packages/core/src/json/index.ts";
import { editJson, randomJson } from "../random/json.ts";
import { expectMet, PATIENCE, report, runs } from "../random/runs.ts";
import { createSource, type Source } from "../random/source.ts";
import { mutateText, respellJson } from "../random/texts.ts";
import { awkward } from "./awkward-values.ts";
import { codeOf, createTally, eachCase } from "./tally.ts";

const MAX_DEPTH = 16;
const OPTIONS = { code: "arguments_malformed", what: "the text", maxDepth: MAX_DEPTH } as const;
const LIMITS = { maxDepth: MAX_DEPTH, maxSize: 64 * 1024 };

const HONEST: readonly JsonValue[] = [
  {},
  { id: "INV-7" },
  { to: "Globex", amount: 400, currency: "EUR" },
  {
    to: 'Globex \u2028 "é" 😀',
    amount: -0.5,
    lines: [
      { sku: "a/b~c", n: 1e-7 },
      { sku: "", n: 9007199254740991 },
    ],
  },
  { deep: [[[[[[[[{ a: [null, true, false] }]]]]]]]] },
  { path: "/a/b", flags: [], filter: { "": 0, constructor: "x", toString: { length: 2 } } },
];

/** A text that is JSON, or was before one to three mutations. */
function argumentText(source: Source): string {
  const value = source.oneIn(3) ? randomJson(source, 4) : source.pick(HONEST);
  let text = JSON.stringify(source.oneIn(3) ? editJson(value, source) : value, null, source.oneIn(5) ? 1 : 0);
  const times = source.below(4);
  for (let i = 0; i < times; i++) text = source.oneIn(3) ? mutateText(text, source) : respellJson(text, source);
  return text;
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Why I-JSON (RFC 7493) and our limits forbid a text that `JSON.parse` reads; undefined if they do not. */
function reasonToRefuse(text: string, value: unknown): string | undefined {
  let depth = 0;
  let reason: string | undefined;
  let members = 0;
  const visit = (item: unknown, level: number): void => {
    if (typeof item === "number" && (!Number.isFinite(item) || (Number.isInteger(item) && !Number.isSafeInteger(item))))
      reason ??= "a number that cannot be held exactly";
    if (typeof item === "string" && !item.isWellFormed()) reason ??= "a lone surrogate";
    if (typeof item !== "object" || item === null) return;
    depth = Math.max(depth, level + 1);
    if (depth > MAX_DEPTH) return;
    for (const [name, member] of Object.entries(item)) {
      if (!Array.isArray(item)) members++;
      if (name === "__proto__") reason ??= "a forbidden member name";
      if (!name.isWellFormed()) reason ??= "a lone surrogate";
      visit(member, level + 1);
    }
  };
  visit(value, 0);
  if (depth > MAX_DEPTH) reason ??= "nesting";
  // Of two members of the same name JSON.parse keeps one: then the text has more names than the value has members.
  const names = text.replace(/"(?:[^"\\]|\\.)*"(\s*:)?/g, (_, colon?: string) => (colon === undefined ? "s" : ":"));
  if (names.split(":").length - 1 > members) reason ??= "a duplicate member name";
  return reason;
}

/** Equal to the last bit; a member called `constructor` is a member like any other. */
function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
}

function isDeeplyFrozen(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every((member) => isDeeplyFrozen(member as JsonValue));
}

describe("argument texts", () => {
  it(
    "are read as JSON.parse reads them, or refused for what I-JSON forbids",
    async () => {
      const tally = createTally();
      await eachCase(runs(6000, 400_000), async (seed) => {
        const text = argumentText(createSource(seed));
        const reference = parsed(text);
        const reading = await tally.timed("an argument text", text.length, () => {
          try {
            return { value: parseJson(text, OPTIONS) };
          } catch (error) {
            expect(codeOf(error)).toBe("arguments_malformed");
            return undefined;
          }
        });
        if (reading !== undefined) {
          if (reference === undefined) throw new Error(`read what is not JSON: ${text}`);
          same(reading.value, reference.value);
          expect(reasonToRefuse(text, reference.value)).toBeUndefined();
          same(JSON.parse(canonicalJson(reading.value)), JSON.parse(JSON.stringify(reference.value)));
          return tally.count("read as JSON.parse reads it");
        }
        if (reference === undefined) return tally.count("refused, as JSON.parse does");
        const reason = reasonToRefuse(text, reference.value);
        if (reason === undefined) throw new Error(`refused without a reason: ${text.slice(0, 2000)}`);
        tally.count(`refused, for ${reason}`);
      });
      tally.print("fuzz: argument texts");
      expectMet("read", tally.of("read"), tally.cases * 0.4);
      expectMet("a duplicate", tally.of("refused, for a duplicate"), tally.cases / 55);
      for (const reason of ["a number", "a lone", "a forbidden", "nesting"])
        expectMet(reason, tally.of(`refused, for ${reason}`), tally.cases / 200);
    },
    PATIENCE,
  );
});

/** A text that counts how often somebody looks at it. */
function counting(text: string): { readonly watched: string; readonly looks: () => number } {
  let looks = 0;
  const watched = new Proxy(Object(text) as object, {
    get: (_, key) => {
      looks++;
      const member: unknown = text[key as never];
      return typeof member === "function" ? member.bind(text) : member;
    },
  });
  return { watched: watched as unknown as string, looks: () => looks };
}

describe("reading an argument text", () => {
  it(
    "looks at no character more than a few times, whatever the text",
    async () => {
      let worst = 0;
      await eachCase(runs(500, 10_000), (seed) => {
        const text = argumentText(createSource(seed));
        const { watched, looks } = counting(text);
        try {
          parseJson(watched, OPTIONS);
        } catch (error) {
          expect(codeOf(error)).toBe("arguments_malformed");
        }
        worst = Math.max(worst, looks() / (text.length + 8));
        expect(looks(), text.slice(0, 2000)).toBeLessThan(8 * (text.length + 8));
      });
      report("fuzz: looks at each character of a text, at most", [worst.toFixed(1)]);
    },
    PATIENCE,
  );
});

describe("argument values", () => {
  it(
    "are copied as JSON would write them, deeply frozen, or refused",
    async () => {
      const tally = createTally();
      await eachCase(runs(2000, 150_000), async (seed) => {
        const source = createSource(seed);
        const value = source.oneIn(3) ? awkward(source) : (editJson(randomJson(source, 4), source) as unknown);
        const frozen = await tally.timed("an argument value", 0, () => {
          try {
            return { value: freezeJson(value, LIMITS) };
          } catch (error) {
            expect(codeOf(error)).toBe("arguments_malformed");
            return undefined;
          }
        });
        if (frozen === undefined) return tally.count("refused");
        expect(isDeeplyFrozen(frozen.value)).toBe(true);
        same(JSON.parse(JSON.stringify(frozen.value)), JSON.parse(JSON.stringify(value)));
        same(freezeJson(frozen.value, LIMITS), frozen.value);
        tally.count("copied as JSON writes it");
      });
      tally.print("fuzz: argument values");
      expectMet("copied", tally.of("copied"), tally.cases * 0.7);
      expectMet("refused", tally.of("refused"), tally.cases / 4);
    },
    PATIENCE,
  );
});
