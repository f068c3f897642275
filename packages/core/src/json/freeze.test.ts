import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../errors.ts";
import { freezeArguments, freezeJson } from "./freeze.ts";
import type { JsonValue } from "./value.ts";

const limits = { maxDepth: 4, maxSize: 1000 };
const freeze = (value: unknown): JsonValue => freezeJson(value, limits);
const refused = (value: unknown): string => {
  try {
    freeze(value);
  } catch (error) {
    if (error instanceof HopwiseError && error.code === "arguments_malformed") return error.message;
    throw error;
  }
  return "accepted";
};

describe("freezing arguments", () => {
  it.each([
    ["a Date", { at: new Date(0) }, 'not plain data at "/at"'],
    ["a Map", { m: new Map() }, 'not plain data at "/m"'],
    ["a Set", { s: new Set() }, 'not plain data at "/s"'],
    ["a URL", { u: new URL("https://a.example") }, 'not plain data at "/u"'],
    ["a RegExp", { r: /x/ }, 'not plain data at "/r"'],
    ["bytes", { b: new Uint8Array(2) }, 'not plain data at "/b"'],
    ["an error", { e: new Error("x") }, 'not plain data at "/e"'],
    ["a boxed string", { s: Object("x") }, 'not plain data at "/s"'],
    ["an instance of a class", { c: new (class Payment {})() }, 'not plain data at "/c"'],
    ["an object over another object", { o: Object.create({ amount: 1 }) }, 'not plain data at "/o"'],
    ["a function", { f: () => 1 }, 'a function, which JSON cannot say at "/f"'],
    ["a toJSON of its own", { toJSON: () => ({ amount: 1 }) }, 'a function, which JSON cannot say at "/toJSON"'],
    ["a symbol", { s: Symbol("x") }, 'a symbol, which JSON cannot say at "/s"'],
    ["a symbol as a name", { [Symbol("x")]: 1 }, "a symbol as a key"],
    ["a bigint", { n: 1n }, 'a bigint, which JSON cannot say at "/n"'],
    ["undefined in an array", { list: [1, undefined] }, ': undefined, which JSON cannot say at "/list/1"'],
    [
      "a hole in an array",
      { list: Object.assign(new Array(3), { 0: 1, 2: 3 }) },
      ': undefined, which JSON cannot say at "/list/1"',
    ],
    ["NaN", { n: Number.NaN }, 'a number that cannot be held exactly at "/n"'],
    ["Infinity", { n: Number.POSITIVE_INFINITY }, 'a number that cannot be held exactly at "/n"'],
    ["2^53", { n: 2 ** 53 }, 'a number that cannot be held exactly at "/n"'],
    ["a lone surrogate", { s: "a\ud800" }, 'a lone surrogate at "/s"'],
    ["a lone surrogate in a name", { "\udc00": 1 }, "a lone surrogate"],
    ["a __proto__ member", JSON.parse('{"__proto__":{"admin":true}}'), "a forbidden member name"],
    ["a place deep inside, with its pointer", { "a/b": { "c~d": [[1n]] } }, 'at "/a~1b/c~0d/0/0"'],
  ])("refuses %s", (_, value, problem) => {
    expect(refused(value)).toContain(problem);
  });

  it("reads nothing of an object with more names than its text could have: it may have a million", () => {
    const get = vi.fn();
    const names = Object.fromEntries(Array.from({ length: 251 }, (_, i) => [`n${i}`, 1]));
    expect(refused({ o: new Proxy(names, { get }) })).toContain('longer than 1000 characters at "/o"');
    expect(get).not.toHaveBeenCalled();
  });

  it("refuses what refers to itself, in an object and in an array, without crashing", () => {
    const object: Record<string, unknown> = { a: 1 };
    object["self"] = { object };
    const array: unknown[] = [];
    array.push([array]);
    expect(refused(object)).toContain("nesting deeper than 4");
    expect(refused(array)).toContain("nesting deeper than 4");
    for (const maxDepth of [1_000_000, Number.POSITIVE_INFINITY]) {
      expect(() => freezeJson(array, { maxDepth, maxSize: Number.POSITIVE_INFINITY })).toThrow(HopwiseError);
    }
  });

  it("ends on an object whose text would be astronomically large, because it shares its parts", () => {
    let bomb: unknown = ["x"];
    for (let i = 0; i < 60; i++) bomb = [bomb, bomb, bomb, bomb];
    expect(() => freezeJson(bomb, { maxDepth: 64, maxSize: 64 * 1024 })).toThrow("longer than 65536 characters");
    let empty: unknown = {};
    for (let i = 0; i < 60; i++) empty = { a: empty, b: empty };
    expect(() => freezeJson(empty, { maxDepth: 64, maxSize: 64 * 1024 })).toThrow("longer than 65536 characters");
  });

  it("reads every getter exactly once, so that a second look cannot see another value", () => {
    let reads = 0;
    const args = {
      get amount() {
        return ++reads === 1 ? 1 : 1_000_000;
      },
    };
    expect(freeze(args)).toEqual({ amount: 1 });
    expect(reads).toBe(1);
  });

  it("reads every element of an array, and its length, exactly once", () => {
    const reads: PropertyKey[] = [];
    const list = new Proxy(["a", "b"], {
      get: (target, key, receiver) => {
        reads.push(key);
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    expect(freeze(list)).toEqual(["a", "b"]);
    expect(reads).toEqual(["length", "0", "1"]);
  });

  it("takes what a changing proxy said first, and says the same for ever after", () => {
    let reads = 0;
    const args = new Proxy({ amount: 0 }, { get: () => ++reads });
    const frozen = freeze(args) as { amount: number };
    expect([frozen.amount, frozen.amount, frozen.amount]).toEqual([1, 1, 1]);
  });

  it.each([
    ["a member", new Proxy({ a: 1 }, { get: () => fail() })],
    ["the names", new Proxy({ a: 1 }, { ownKeys: () => fail() })],
    ["the prototype", new Proxy({ a: 1 }, { getPrototypeOf: () => fail() })],
    ["an element", new Proxy([1], { get: () => fail() })],
    ["a getter", Object.defineProperty({}, "a", { get: () => fail(), enumerable: true })],
  ])("refuses what throws when %s is read", (_, value) => {
    expect(refused(value)).toContain("reading them failed");
  });

  it("refuses a proxy that was revoked", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refused({ proxy })).toContain("reading them failed");
  });

  it("is not moved by a shared object that somebody changes afterwards", () => {
    const shared = { amount: 1, list: [{ to: "ACME" }] };
    const frozen = freeze({ shared, again: shared });
    shared.amount = 1_000_000;
    (shared.list[0] as { to: string }).to = "Mallory";
    shared.list.push({ to: "Mallory" });
    const said = { amount: 1, list: [{ to: "ACME" }] };
    expect(frozen).toEqual({ shared: said, again: said });
  });

  it("freezes at every depth", () => {
    const frozen = freeze({ a: [{ b: [1] }] }) as { a: [{ b: number[] }] };
    expect(() => Object.assign(frozen, { a: 1 })).toThrow(TypeError);
    expect(() => Object.assign(frozen.a[0], { b: 1 })).toThrow(TypeError);
    expect(() => frozen.a[0].b.push(2)).toThrow(TypeError);
    expect(Object.isFrozen(frozen.a)).toBe(true);
  });

  it("holds what is not enumerable to the same rules, so that nothing can hide from the check", () => {
    const args = Object.defineProperty({}, "amount", { value: 1, enumerable: false });
    expect(freeze(args)).toEqual({ amount: 1 });
  });

  it("takes a member that is undefined as absent", () => {
    expect(freeze({ a: 1, b: undefined })).toStrictEqual({ a: 1 });
    const [a, b] = ["x".repeat(980), { c: 1, d: undefined, e: undefined }];
    expect(JSON.stringify(freeze({ a, b }))).toHaveLength(1000);
  });

  it("takes an object without a prototype", () => {
    expect(freeze(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 });
  });

  it("takes nesting up to its limit and refuses one level more", () => {
    expect(freeze([[[[]]]])).toEqual([[[[]]]]);
    expect(refused([[[[[]]]]])).toContain("nesting deeper than 4");
    expect(refused({ a: { a: { a: { a: {} } } } })).toContain('nesting deeper than 4 at "/a/a/a/a"');
  });

  it("takes a text up to the limit of size and refuses one character more", () => {
    // The size is that of the canonical text: quotes, escapes, commas and all.
    expect(freeze("x".repeat(998))).toHaveLength(998);
    expect(refused("x".repeat(999))).toContain("longer than 1000 characters");
    expect(freeze({ ["n".repeat(991)]: null })).toBeTypeOf("object");
    expect(refused({ ["n".repeat(992)]: null })).toContain("longer than 1000 characters");
    expect(freeze("\u0001".repeat(166))).toHaveLength(166);
    expect(refused("\u0001".repeat(167))).toContain("longer than 1000 characters");
    expect(freeze(Array(199).fill(null))).toHaveLength(199);
    expect(refused(Array(200).fill(null))).toContain("longer than 1000 characters");
  });

  it("refuses an enormous array before it reads its elements", () => {
    let reads = 0;
    const list = new Proxy([] as unknown[], { get: (_, key) => (key === "length" ? 2 ** 32 - 1 : ++reads) });
    expect(refused(list)).toContain("longer than 1000 characters");
    expect(reads).toBe(0);
  });

  it("copies every plain value as it is", () => {
    const wide = { maxDepth: 20, maxSize: 1_000_000 };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const plain = JSON.parse(JSON.stringify(value, (_, v) => (typeof v === "number" ? v % 1000 : v))) as unknown;
        if (JSON.stringify(plain).includes("__proto__")) return;
        expect(freezeJson(plain, wide)).toStrictEqual(plain);
      }),
    );
  });
});

describe("the arguments of a call", () => {
  const bounds = { argumentsDepth: limits.maxDepth, argumentsSize: limits.maxSize };

  it("are the empty object where none came", () => {
    expect(freezeArguments(undefined, bounds)).toEqual({});
    expect(freezeArguments(null, bounds)).toEqual({});
  });

  it.each([[["a"]], ["text"], [1], [true]])("are refused where they are not an object: %j", (value) => {
    expect(() => freezeArguments(value, bounds)).toThrow("must be a JSON object");
  });
});

function fail(): never {
  throw new RangeError("the attacker's own error");
}
