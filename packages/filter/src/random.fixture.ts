/** Random conditions and rows, at the edges: for each place in which conditions are evaluated. */

import type { RowCondition, RowExpression } from "@hopwise/core/filter";
import fc from "fast-check";
import { anyCharacter } from "../../../test/support/any-character.ts";
import { boolean, list, number, text, timestamp } from "./column.ts";
import { type Table, table } from "./table.ts";

/** A table with each type of column, in each way of being NULL. */
export const things: Table = table({
  id: text(),
  columns: {
    t: text(),
    ta: text("t_absent", { null: "absent" }),
    tn: text({ null: "null" }),
    // Named as columns of SQLite's json_each.
    n: number("value"),
    na: number("type", { null: "absent" }),
    nn: number({ null: "null" }),
    b: boolean(),
    ba: boolean({ null: "absent" }),
    bn: boolean({ null: "null" }),
    d: timestamp(),
    da: timestamp({ null: "absent" }),
    dn: timestamp({ null: "null" }),
    lt: list("text", "key"),
    la: list("text", { null: "absent" }),
    ln: list("number", { null: "null" }),
    lb: list("boolean", { null: "absent" }),
    "x-y": text({ null: "absent" }),
  },
});

const TEXTS = [
  "",
  "a",
  "A",
  "ab",
  "b",
  "a ",
  " a",
  "ä",
  "a\u0308",
  "Straße",
  "STRASSE",
  "😀",
  "\ufffd",
  "\ue000",
  "a%",
  "_b",
  "it's",
  '"; --',
  "10",
  "\\",
  "ß",
  "İ",
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  10,
  0.1,
  0.30000000000000004,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  1e308,
  -1e308,
  5e-324,
  Number.MAX_VALUE,
  1.5,
  1e21,
];
const TIMES = [
  "2024-01-01T00:00:00Z",
  "2024-01-01T00:00:00.5Z",
  "2024-01-01T00:00:00.500Z",
  "2024-01-01T00:00:00.123456Z",
  "2023-12-31T23:59:59.999999Z",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "2024-02-29T12:00:00Z",
];
/** As rows may have them: in the time zone of a session, and as Sequelize writes them into SQLite. */
const ROW_TIMES = [
  ...TIMES,
  "2024-01-01T02:00:00.5+02:00",
  "2023-12-31 20:30:00-03:30",
  "2024-01-01 01:00:00.123456+01",
  "2024-01-01 00:00:00.500 +00:00",
  "0000-12-31T23:00:00-01:00",
];
const LITERAL_TIMES = [
  ...TIMES,
  "2024-01-01T01:00:00.5+01:00",
  "2024-01-01T00:00:00.123456789Z",
  "2023-12-31T23:59:59.999999999Z",
];

const someText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  fc.string({ unit: anyCharacter, maxLength: 3 }).filter((it) => !it.includes("\0")),
);
const someNumber = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const literal: fc.Arbitrary<RowExpression> = fc
  .oneof({ weight: 3, arbitrary: someText }, { weight: 3, arbitrary: someNumber }, fc.boolean(), fc.constant(null))
  .map((value) => ({ value }));

const attribute = (name: string): RowExpression =>
  name === "x-y"
    ? { operator: "index", operands: [{ name: "request.resource.attr" }, { value: name }] }
    : { name: `request.resource.attr.${name}` };
const oneOf = (...names: readonly string[]): fc.Arbitrary<RowExpression> => fc.constantFrom(...names.map(attribute));

const call = (operator: string, ...operands: readonly RowExpression[]): RowExpression => ({ operator, operands });
const scalar = fc.oneof(
  oneOf("t", "ta", "tn", "x-y", "n", "na", "nn", "b", "ba", "bn"),
  fc.constant<RowExpression>({ name: "request.resource.id" }),
);
const texts = oneOf("t", "ta", "tn", "x-y");
const numbers = fc.oneof(
  oneOf("n", "na", "nn"),
  oneOf("t", "ta", "lt", "la", "ln", "lb").map((it) => call("size", it)),
);
const textLiteral = someText.map((value): RowExpression => ({ value }));
const numberLiteral = someNumber.map((value): RowExpression => ({ value }));
const time = fc.oneof(
  oneOf("d", "da", "dn").map((it) => call("timestamp", it)),
  fc.constantFrom(...LITERAL_TIMES).map((value) => call("timestamp", { value })),
);

/** Two of one kind in either order, or two of any. */
const pair = (
  a: fc.Arbitrary<RowExpression>,
  b: fc.Arbitrary<RowExpression>,
): fc.Arbitrary<readonly [RowExpression, RowExpression]> =>
  fc.tuple(a, b, fc.boolean()).map(([x, y, turned]) => (turned ? [y, x] : [x, y]));
const comparedPair = fc.oneof(
  pair(texts, textLiteral),
  pair(numbers, numberLiteral),
  pair(texts, texts),
  pair(numbers, oneOf("n", "na")),
  pair(time, time),
  pair(
    oneOf("b", "ba", "bn"),
    fc.boolean().map((value): RowExpression => ({ value })),
  ),
  pair(scalar, literal),
  pair(scalar, scalar),
);
const several = fc.oneof(
  fc.array(someText, { maxLength: 4 }),
  fc.array(someNumber, { maxLength: 4 }),
  fc.array(fc.oneof(someText, someNumber, fc.boolean(), fc.constant(null)), { maxLength: 4 }),
);

const comparison = fc
  .tuple(fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge", "startsWith", "endsWith", "contains"), comparedPair)
  .map(([operator, [a, b]]) => call(operator, a, b));
const onNull = fc
  .tuple(fc.constantFrom("eq", "ne"), oneOf("d", "da", "dn", "lt", "la", "ln", "tn", "nn", "bn"))
  .map(([operator, it]) => call(operator, it, { value: null }));
const membership = fc.oneof(
  fc.tuple(scalar, several).map(([item, value]) => call("in", item, { value })),
  fc.tuple(fc.oneof(scalar, literal), oneOf("lt", "la", "ln", "lb")).map(([item, it]) => call("in", item, it)),
);
const bare = oneOf("b", "ba", "bn", "t", "nn");

/** Conditions on an element, which may name columns, too. */
const onElement: fc.Arbitrary<RowExpression> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("eq", "ne", "lt", "ge", "startsWith"),
      pair(fc.constant<RowExpression>({ name: "e" }), fc.oneof(literal, scalar)),
    )
    .map(([operator, [a, b]]) => call(operator, a, b)),
  fc.constant<RowExpression>({ name: "e" }),
  fc
    .tuple(fc.constantFrom("exists", "all"), oneOf("lt", "la"))
    .map(([operator, it]) =>
      call(operator, it, call("lambda", call("eq", { name: "f" }, { name: "e" }), { name: "f" })),
    ),
);
/** A branch of `if` must be a condition; `and` of one part takes what is none for unknown. */
const asCondition = (it: RowExpression): RowExpression => ("name" in it ? call("and", it) : it);
const joint = (inner: fc.Arbitrary<RowExpression>): fc.Arbitrary<RowExpression> =>
  fc.oneof(
    inner,
    fc
      .tuple(fc.constantFrom("and", "or"), fc.array(inner, { minLength: 1, maxLength: 3 }))
      .map(([operator, parts]) => call(operator, ...parts)),
    inner.map((part) => call("not", part)),
    fc.tuple(inner, inner, inner).map(([given, ...branches]) => call("if", given, ...branches.map(asCondition))),
  );
const quantified = fc
  .tuple(fc.constantFrom("exists", "exists_one", "all"), oneOf("lt", "la", "ln", "lb"), joint(onElement))
  .map(([operator, it, body]) => call(operator, it, call("lambda", body, { name: "e" })));

const leaf = fc.oneof(
  { weight: 5, arbitrary: comparison },
  { weight: 2, arbitrary: membership },
  { weight: 2, arbitrary: quantified },
  onNull,
  bare,
);

/** Any condition that can be said of the table. */
export const expressions: fc.Arbitrary<RowExpression> = joint(joint(leaf));

export const conditions: fc.Arbitrary<RowCondition> = fc.record({
  expression: fc.oneof({ weight: 20, arbitrary: expressions }, fc.boolean()),
  required: fc.subarray(["t", "ta", "nn", "la"], { maxLength: 1 }),
  unknown: fc.constantFrom("sql", "weak"),
});

/** What no literal can be: SQLite's functions on texts end at a NUL. */
const someCell = fc.oneof({ weight: 4, arbitrary: someText }, fc.constantFrom("a\0b", "a\0", "\0", "\0b"));
/** Half a character is the JSON of none, which SQLite takes for one. */
const someElement = fc.oneof(
  { weight: 6, arbitrary: someCell },
  fc.constantFrom("\ud800", "a\udfff", "\ud7ff", "a\0\udbff"),
);
const nullable = <T>(it: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: it }, fc.constant(null));
const listText = <T>(element: fc.Arbitrary<T>): fc.Arbitrary<string> =>
  fc.array(nullable(element), { maxLength: 3 }).map((elements) => JSON.stringify(elements));
const aTime = fc.constantFrom(...ROW_TIMES);

type SqliteCell = string | number | bigint | null | Uint8Array;

/** What does not fit some column, or any. */
const odd: fc.Arbitrary<SqliteCell> = fc.constantFrom<SqliteCell>(
  ...[null, 5, 0, 1, 1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2n ** 53n + 1n, -(2n ** 63n)],
  ...[
    "10",
    "1",
    "true",
    "[",
    "{}",
    '"a"',
    "[[1]]",
    "[1e400]",
    '[{"a":1},"a"]',
    '["a","b",5,true,null]',
    '["a"]\0',
    '["a"]\0x',
    "a\0b",
  ],
  ...[
    "2024-02-30T00:00:00Z",
    "2024-01-01",
    "2024-01-01T00:00:00+15:00",
    "2024-01-01 00:00:00 +01",
    "2024-01-01 00:00:00",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "0000-12-31T00:00:00-01:00",
    "2024-01-01T24:00:00Z",
    "0000-01-01T00:00:00Z",
  ],
  ...[
    "2024-01-01 00:00:00.50+00",
    "2024-01-01T00:00:00.1234567891Z",
    "2024-01-01T00:00:00Z\0",
    "2024-01-01T00:00:00.Z",
  ],
  new Uint8Array([97]),
);
const sometimesOdd = (it: fc.Arbitrary<SqliteCell>): fc.Arbitrary<SqliteCell> =>
  fc.oneof({ weight: 15, arbitrary: it }, odd);

/** A row as SQLite takes it, where its columns have no types; lists are JSON in a text, and booleans 1 and 0. */
export const rows: fc.Arbitrary<{ readonly [column: string]: SqliteCell }> = fc.record({
  id: someCell,
  t: someCell,
  t_absent: nullable(someCell),
  tn: nullable(someCell),
  value: someNumber,
  type: nullable(someNumber),
  nn: nullable(someNumber),
  b: fc.constantFrom(0, 1),
  ba: nullable(fc.constantFrom(0, 1)),
  bn: nullable(fc.constantFrom(0, 1)),
  d: aTime,
  da: nullable(aTime),
  dn: nullable(aTime),
  key: listText(someElement),
  la: nullable(listText(someElement)),
  ln: nullable(listText(someNumber)),
  lb: nullable(listText(fc.boolean())),
  "x-y": nullable(someCell),
});

/** The same, with cells that do not fit their columns here and there. */
export const oddRows: typeof rows = rows.chain((row) =>
  fc.record(Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, sometimesOdd(fc.constant(cell))]))),
);
