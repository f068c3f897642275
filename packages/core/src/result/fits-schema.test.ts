import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../json/index.ts";
import { errorOf } from "../world.fixture.ts";
import { fulfil, loosen, misfitOf, type Obligations, type OutputSchema } from "./index.ts";
import type { BY_THE_WHOLE } from "./unclear.ts";

const object = (properties: JsonObject, required: readonly string[] = Object.keys(properties)): JsonObject => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const list = (items: JsonValue, more: JsonObject = {}): JsonObject => ({ type: "array", items, ...more });
const orNull = (schema: JsonObject): JsonObject => ({ anyOf: [schema, { type: "null" }] });
const text: JsonObject = { type: "string" };
const number: JsonObject = { type: "number" };
const redact = (...pointers: string[]): Obligations => ({ redact: pointers, limit: {} });
const limit = (pointer: string, most: number): Obligations => ({ redact: [], limit: { [pointer]: most } });

describe("a result of a tool that announces what it returns", () => {
  it.each<[string, JsonObject, Obligations, JsonValue, JsonValue]>([
    [
      "a member that need not be there",
      object({ a: text, b: number }, ["a"]),
      redact("/b"),
      { a: "x", b: 1 },
      { a: "x" },
    ],
    ["a member that nobody named", { type: "object" }, redact("/b"), { a: "x", b: 1 }, { a: "x" }],
    ["a member that may be null", object({ b: orNull(number) }), redact("/b"), { b: 1 }, { b: null }],
    [
      "one of several types, one of them null",
      object({ b: { type: ["number", "null"] } }),
      redact("/b"),
      { b: 1 },
      { b: null },
    ],
    [
      "a text of a form, or null",
      object({ b: orNull({ type: "string", format: "email" }) }),
      redact("/b"),
      { b: "a@b.c" },
      { b: null },
    ],
    [
      "one of a few values, null among them",
      object({ b: { enum: ["x", null] } }),
      redact("/b"),
      { b: "x" },
      { b: null },
    ],
    ["any value at all", object({ b: {} }), redact("/b"), { b: 1 }, { b: null }],
    ["a member further in", object({ a: object({ b: number }, []) }), redact("/a/b"), { a: { b: 1 } }, { a: {} }],
    [
      "a member of elements",
      object({ a: list(object({ b: number }, [])) }),
      redact("/a/*/b"),
      { a: [{ b: 1 }, {}] },
      { a: [{}, {}] },
    ],
    [
      "elements that may be null",
      object({ a: list(orNull(number)) }),
      redact("/a/*"),
      { a: [1, 2] },
      { a: [null, null] },
    ],
    [
      "an element that may be null",
      object({ a: list(orNull(number)) }),
      redact("/a/1"),
      { a: [1, 2] },
      { a: [1, null] },
    ],
    [
      "every member, each in its way",
      object({ a: number, b: number, c: orNull(number) }, ["c"]),
      redact("/*"),
      { a: 1, b: 2, c: 3 },
      { c: null },
    ],
    [
      "a value of a map",
      object({ m: { type: "object", additionalProperties: number } }),
      redact("/m/x"),
      { m: { x: 1, y: 2 } },
      { m: { y: 2 } },
    ],
    [
      "a member behind a reference",
      { ...object({ a: { $ref: "#/$defs/A" } }), $defs: { A: object({ b: number }, []) } },
      redact("/a/b"),
      { a: { b: 1 } },
      { a: {} },
    ],
    [
      "a member of a tree",
      object({ b: number, next: { $ref: "#" } }, []),
      redact("/next/next/b"),
      { next: { next: { b: 1 } } },
      { next: { next: {} } },
    ],
    [
      "a member in one of two forms",
      { anyOf: [object({ b: number }, []), object({ b: text, c: text }, ["c"])] },
      redact("/b"),
      { b: "x", c: "y" },
      { c: "y" },
    ],
    [
      "a member in all parts",
      { allOf: [{ required: ["a"] }, object({ a: text, b: number }, [])] },
      redact("/b"),
      { a: "x", b: 1 },
      { a: "x" },
    ],
    [
      "a member of one of two forms that another member tells apart",
      {
        oneOf: [
          object({ kind: { const: "x" }, b: number }, ["kind"]),
          object({ kind: { enum: ["y", "z"] }, b: text }, ["kind"]),
        ],
      },
      redact("/b"),
      { kind: "y", b: "v" },
      { kind: "y" },
    ],
    [
      "a member of an object or null",
      object({ a: { oneOf: [object({ b: number }, []), { type: "null" }] } }),
      redact("/a/b"),
      { a: { b: 1 } },
      { a: {} },
    ],
    [
      "a list that may be shorter",
      object({ a: list(number, { minItems: 1 }) }),
      limit("/a", 1),
      { a: [1, 2] },
      { a: [1] },
    ],
    [
      "a list of different elements",
      object({ a: list(number, { uniqueItems: true }) }),
      limit("/a", 1),
      { a: [1, 2] },
      { a: [1] },
    ],
    ["a list or null", object({ a: orNull(list(number)) }), limit("/a", 1), { a: null }, { a: null }],
    ["a list of lists", object({ a: list(list(number)) }), limit("/a/*", 1), { a: [[1, 2], []] }, { a: [[1], []] }],
    ["nothing, where the schema knows no such member", object({ a: number }), redact("/b/c"), { a: 1 }, { a: 1 }],
    [
      "nothing, where a number stands",
      object({ a: { type: "integer", enum: [1, 2] } }),
      redact("/a/b"),
      { a: 1 },
      { a: 1 },
    ],
  ])("keeps to it without %s", (_, schema, obligations, result, shown) => {
    expect(misfitOf(obligations, schema)).toBeUndefined();
    expect(fulfil(obligations, result, schema).result).toEqual(shown);
    expect(fulfil(obligations, JSON.stringify(result), schema).result).toBe(JSON.stringify(shown));
  });

  it.each<[string, OutputSchema, Obligations, string]>([
    ["a member that must be there", object({ b: number }), redact("/b"), '"/b" must be there, and not null'],
    [
      "a text that must be there: a word in its place is a possible value",
      object({ b: text }),
      redact("/b"),
      "must be there",
    ],
    ["a text of a form", object({ b: { type: "string", format: "email" } }), redact("/b"), "must be there"],
    ["one of a few values", object({ b: { enum: ["x", "y"] } }), redact("/b"), "must be there"],
    ["what is anything but null", object({ b: { not: { type: "null" } } }), redact("/b"), "must be there"],
    [
      "what is null in one of two forms",
      { anyOf: [object({ b: number }), object({ b: orNull(number) })] },
      redact("/b"),
      "must be there",
    ],
    [
      "what one of the parts wants",
      { allOf: [object({ b: number }, []), { required: ["b"] }] },
      redact("/b"),
      "must be there",
    ],
    [
      "one of the members that are enough",
      { ...object({ b: number }, []), minProperties: 1 },
      redact("/b"),
      "must be there",
    ],
    ["a member further in", object({ a: object({ b: number }) }), redact("/a/b"), '"/a/b" must be there'],
    ["a member of elements", object({ a: list(object({ b: number })) }), redact("/a/*/b"), '"/a/*/b" must be there'],
    ["a member of one element", object({ a: list(object({ b: number })) }), redact("/a/0/b"), '"/a/0/b" must be there'],
    [
      "each member, one of which must be there",
      object({ a: number, b: number }, ["b"]),
      redact("/*"),
      '"/*" must be there',
    ],
    [
      "a required value of a map",
      { type: "object", additionalProperties: number, required: ["x"] },
      redact("/x"),
      "must be there",
    ],
    [
      "a member behind a reference",
      { ...object({ a: { $ref: "#/$defs/A" } }), $defs: { A: object({ b: number }) } },
      redact("/a/b"),
      "must be there",
    ],
    ["elements", object({ a: list(number) }), redact("/a/*"), '"/a/*" is an element that must not be null'],
    ["one element", object({ a: list(number) }), redact("/a/0"), '"/a/0" is an element'],
    [
      "an element of a tuple",
      object({ a: { type: "array", items: [orNull(number), text] } }),
      redact("/a/0"),
      '"/a/0" is an element',
    ],
    [
      "elements that must differ",
      object({ a: list(orNull(number), { uniqueItems: true }) }),
      redact("/a/*"),
      "must differ",
    ],
    [
      "elements of a list that must be longer",
      object({ a: list(number, { minItems: 2 }) }),
      limit("/a", 1),
      '"/a" must have at least 2 elements',
    ],
    [
      "elements of a tuple, which has them all",
      object({ a: { type: "array", prefixItems: [number, text] } }),
      limit("/a", 1),
      "at least 2",
    ],
    ["elements of what is no list", object({ a: number }), limit("/a", 1), '"/a" is no list'],
    ["elements of the whole, which is no list", object({ a: number }), limit("", 1), '"" is no list'],
    ["something in a text", object({ a: text }), redact("/a/b"), '"/a/b" leads into a text'],
    [
      "something in a text behind a star",
      object({ a: object({}), note: text }),
      redact("/*/b"),
      '"/*/b" leads into a text',
    ],
    [
      "something in an object or a text",
      object({ a: { anyOf: [object({ b: number }, []), text] } }),
      redact("/a/b"),
      "leads into a text",
    ],
    [
      "what tells two forms apart",
      { oneOf: [object({ k: { const: 1 } }, []), object({ k: { const: 2 } }, [])] },
      redact("/k"),
      '"oneOf"',
    ],
    [
      "what may make two forms of one",
      { oneOf: [object({ b: number }, []), object({ b: text }, [])] },
      redact("/b"),
      '"oneOf"',
    ],
    ["what a reference to elsewhere says", { $ref: "https://elsewhere.example/schema" }, redact("/b"), '"$ref"'],
    ["anything of a schema that nobody could read", null, redact("/b"), "it could not be read"],
    ["the whole", object({ b: number }), redact(""), "the whole result would be taken out"],
  ])("cannot lose %s, which is known before the tool runs", (_, schema, obligations, why) => {
    expect(misfitOf(obligations, schema)).toContain(why);
  });

  const WHOLE: { readonly [keyword in (typeof BY_THE_WHOLE)[number]]: JsonValue } = {
    const: { b: 1 },
    enum: [{ b: 1 }],
    not: { required: ["c"] },
    if: { required: ["b"] },
    contains: { type: "null" },
    dependentRequired: { a: ["b"] },
    dependentSchemas: { b: { required: ["a"] } },
    dependencies: { a: ["b"] },
    $dynamicRef: "#node",
    $recursiveRef: "#",
  };
  it.each(Object.entries(WHOLE))(
    "cannot be changed under %j, by which a part decides about the others",
    (keyword, value) => {
      const schema = object({ b: number }, []);
      expect(misfitOf(redact("/b"), { ...schema, [keyword]: value })).toContain(`"${keyword}", at or above "/b"`);
      expect(misfitOf(redact("/a/b"), object({ a: { ...schema, [keyword]: value } }))).toContain(`"${keyword}"`);
      expect(misfitOf(redact("/x/b"), { ...schema, properties: { x: schema }, [keyword]: value })).toContain(
        `"${keyword}"`,
      );
      expect(misfitOf(limit("/l", 1), object({ l: { ...list(number), [keyword]: value } }))).toContain(`"${keyword}"`);
      expect(misfitOf(redact("/b"), { ...schema, $defs: { unused: { [keyword]: value } } })).toBeUndefined();
    },
  );

  it("is judged by some ten thousand places, and not at all where pointers lead to more: a stranger may have written them", () => {
    const any = object({ l: {} });
    const json: JsonObject = {
      anyOf: [{ type: "object", additionalProperties: { $ref: "#" } }, list({ $ref: "#" }), { type: "null" }],
    };
    const stars = (count: number): Obligations => redact("/*".repeat(count));
    const many = redact(...Array.from({ length: 5000 }, (_, i) => `/a${i}`));
    for (const schema of [{}, json]) expect(misfitOf(stars(6), schema)).toBeUndefined();
    const tooMany: readonly (readonly [Obligations, JsonObject])[] = [
      [stars(12), {}],
      [stars(12), json],
      [redact(`/l${"/*".repeat(12)}`), any],
      [redact(`/l${"/a".repeat(65)}`), any],
      [redact(`/l${"/a".repeat(20_000)}`), any],
      [limit(`/l${"/*".repeat(12)}`, 1), any],
      [many, {}],
    ];
    for (const [obligations, schema] of tooMany) {
      expect(misfitOf(obligations, schema)).toMatch(/^the pointers lead to too many places, or too far in/);
    }
  });

  it("is withheld where it could not lose a value, should nobody have asked before the tool ran", async () => {
    for (const [obligations, result] of [
      [redact("/b"), { b: 1 }],
      [redact("/l/*"), { b: 1, l: [1] }],
    ] as const) {
      const error = await errorOf(() => fulfil(obligations, result, object({ b: number, l: list(number) })));
      expect(error).toMatchObject({ code: "result_withheld", message: expect.stringContaining("output schema") });
    }
    expect((await errorOf(() => fulfil(redact("/b"), {}, null))).code).toBe("result_withheld");
  });
});

describe("a schema that is listed for results that policies may change", () => {
  it.each<[string, JsonObject, Obligations, JsonObject]>([
    ["lets a member be missing", object({ a: text, b: number }), redact("/b"), object({ a: text, b: number }, ["a"])],
    ["lets each member be missing", object({ a: text, b: number }), redact("/*"), object({ a: text, b: number }, [])],
    [
      "lets a member further in be missing",
      object({ a: list(object({ b: number })) }),
      redact("/a/*/b"),
      object({ a: list(object({ b: number }, [])) }),
    ],
    ["lets elements be null", object({ a: list(number) }), redact("/a/*"), object({ a: list(orNull(number)) })],
    [
      "lets a list be shorter",
      object({ a: list(number, { minItems: 2 }) }),
      limit("/a", 0),
      object({ a: list(number, { minItems: 0 }) }),
    ],
    [
      "lets it be so wherever the same schema is used",
      { ...object({ a: { $ref: "#/$defs/A" } }), $defs: { A: object({ b: number }) } },
      redact("/a/b"),
      { ...object({ a: { $ref: "#/$defs/A" } }), $defs: { A: object({ b: number }, []) } },
    ],
  ])("%s", (_, schema, obligations, listed) => {
    const before = structuredClone(schema);
    const change = { redact: obligations.redact, limit: Object.keys(obligations.limit) };
    expect(misfitOf(obligations, schema)).toBeDefined();
    const loose = loosen(schema, change);
    expect(loose).toEqual(listed);
    expect(misfitOf(obligations, loose)).toBeUndefined();
    expect(schema).toEqual(before);
  });

  it("is the same where they may change nothing, or nobody could read it", () => {
    expect(loosen(object({ b: number }), {})).toEqual(object({ b: number }));
    expect(loosen(null, { redact: ["/b"] })).toBeNull();
  });
});
