import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { readRows } from "./read-rows.ts";

const GOOD = { id: "r1", attributes: { region: "EMEA" } };
const read = (...rows: readonly unknown[]) => readRows(rows, "args");

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** What data can be, whoever wrote it. */
const TOO_LARGE: readonly [string, unknown][] = [
  ["a long text", { ...GOOD, attributes: { text: "x".repeat(256 * 1024) } }],
  ["a long list", { ...GOOD, attributes: { list: Array(200_000).fill(1) } }],
  ["many names", { ...GOOD, attributes: Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`n${i}`, 1])) }],
  ["a long id", { ...GOOD, id: "x".repeat(5_000_000) }],
  ["half a character in its id", { ...GOOD, id: "\ud800" }],
  ["half a character in a text", { ...GOOD, attributes: { text: "\ud800" } }],
  ["half a character in a name", { ...GOOD, attributes: { "\ud800": 1 } }],
  ["2^53", { ...GOOD, attributes: { n: 2 ** 53 } }],
  ["a number that is none", { ...GOOD, attributes: { n: Number.NaN } }],
  ["a number that is not finite, deep within", { ...GOOD, attributes: { list: [{ n: Number.NEGATIVE_INFINITY }] } }],
  ["deep nesting", { ...GOOD, attributes: { list: nested(17) } }],
  ["a forbidden name", { ...GOOD, attributes: JSON.parse('{"__proto__":{"admin":true}}') }],
];

/** What no row is; the message quotes nothing of it. */
const MISTAKES: readonly [string, unknown, RegExp][] = [
  ["null", null, /rows\[\d\] must be a row, such as \{ id: /],
  ["a text", "secret", /rows\[\d\] must be/],
  ["a list", ["secret"], /rows\[\d\] must be/],
  ["a function", () => "secret", /rows\[\d\] must be/],
  ["a promise", Promise.resolve(GOOD), /rows\[\d\] must be.*a promise; await it first/],
  ["a row without an id", { attributes: {} }, /rows\[\d\]\.id must be/],
  ["a row whose id is a number", { id: 7, attributes: {} }, /rows\[\d\]\.id must be the row's id, a text$/],
  ["a row whose id is empty", { ...GOOD, id: "" }, /rows\[\d\]\.id must be/],
  [
    "a row without attributes",
    { id: "r1" },
    / of row \d must be data, such as \{ region: "EMEA" \}, or what resourceOf\(row\) of a table gives: there are none/,
  ],
  ["a row whose attributes are null", { id: "r1", attributes: null }, /they are no object/],
  ["a row whose attributes are a list", { id: "r1", attributes: ["secret"] }, /they are no object/],
  ["a row with a Date", { ...GOOD, attributes: { at: new Date(0) } }, /they are not plain JSON at "\/at"/],
  ["a row with a function", { ...GOOD, attributes: { f: () => "secret" } }, /they are not plain JSON at "\/f"/],
  ["a row with a bigint", { ...GOOD, attributes: { n: 1n } }, /they are not plain JSON at "\/n"/],
  [
    "a row with the name of the arguments",
    { ...GOOD, attributes: { args: {} } },
    /"args" is the name of the arguments/,
  ],
  [
    "a row that fails when it is read",
    {
      get id(): string {
        throw new Error("secret");
      },
    },
    /reading row \d failed/,
  ],
  [
    "attributes that fail when they are read",
    {
      id: "r1",
      attributes: {
        get a(): string {
          throw new Error("secret");
        },
      },
    },
    /they are not plain JSON$/,
  ],
  [
    "a proxy that fails",
    new Proxy(GOOD, {
      get: () => {
        throw new Error("secret");
      },
    }),
    /rows\[\d\] must be|reading row \d failed/,
  ],
];

describe("rows that are to be checked", () => {
  it("are read once, as plain data", () => {
    const attributes = { region: "EMEA" };
    const { rows, tooLarge } = read({ id: "r1", attributes, more: 1 }, undefined);
    attributes.region = "AMER";
    expect([rows, tooLarge]).toEqual([[GOOD, undefined], 0]);
    expect(Object.isFrozen(rows[0]?.attributes)).toBe(true);
  });

  it.each(TOO_LARGE)("are left out and counted, each alone, where a question does not hold them: %s", (_, row) => {
    expect(read(row)).toEqual({ rows: [undefined], tooLarge: 1, unfit: 0 });
    expect(read(GOOD, row, GOOD)).toEqual({ rows: [GOOD, undefined, GOOD], tooLarge: 1, unfit: 0 });
  });

  it("fit up to the limits that the attributes of a resource have", () => {
    const full = { id: "x".repeat(100_000), attributes: { text: "x".repeat(256 * 1024 - 11), list: nested(15) } };
    expect(read({ ...full, attributes: { text: full.attributes.text } }).tooLarge).toBe(0);
    expect(read({ ...full, attributes: { text: `${full.attributes.text}x` } }).tooLarge).toBe(1);
    expect(read({ id: "a", attributes: { list: full.attributes.list } }).tooLarge).toBe(0);
  });

  it.each(MISTAKES)("are left out beside others where they are none, and end no search: %s", async (_, row, words) => {
    expect(read(GOOD, row)).toEqual({ rows: [GOOD, undefined], tooLarge: 0, unfit: 1 });
    for (const all of [[row], [row, undefined, row], [TOO_LARGE[0]?.[1], row]]) {
      const error = await errorOf(() => read(...all));
      expect(error.code, "a mistake of the program is no empty list").toMatch(/^(config|attributes)_invalid$/);
      expect(error.message).toMatch(words);
      expect(error.message).not.toContain("secret");
    }
  });

  it("may have holes, and be none", () => {
    expect(readRows(Object.assign(Array(2), { 1: GOOD }), "args").rows).toEqual([undefined, GOOD]);
    expect(readRows([], "args")).toEqual({ rows: [], tooLarge: 0, unfit: 0 });
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["an object", { length: 1 }],
    ["a set", new Set([GOOD])],
    ["a promise", Promise.resolve([GOOD])],
    [
      "a list that fails when it is read",
      new Proxy([GOOD], {
        get: () => {
          throw new Error("secret");
        },
      }),
    ],
  ])("are a list, and not %s", async (_, given) => {
    const error = await errorOf(() => readRows(given, "args"));
    expect(error).toMatchObject({ code: "config_invalid", message: expect.stringMatching(/^check: rows /) });
    expect(error.message).not.toContain("secret");
  });
});

it("leaves out what a program left out already, which is no mistake", () => {
  expect(read(undefined)).toEqual({ rows: [undefined], tooLarge: 0, unfit: 1 });
  expect(read(undefined, GOOD)).toEqual({ rows: [undefined, GOOD], tooLarge: 0, unfit: 1 });
});
