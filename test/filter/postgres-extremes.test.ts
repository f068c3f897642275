/**
 * Whoever can write a row must not be able to end every search by it: no value that a type of PostgreSQL holds makes a query
 * fail, and what is shown of it, memory shows, too.
 */
import {
  boolean,
  type Column,
  list,
  number,
  type RowExpression,
  table,
  text,
  timestamp,
  toPredicate,
  toSql,
} from "@hopwise/filter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PATIENCE } from "../law/random/runs.ts";
import { POSTGRES, type Postgres, startPostgres } from "../support/postgres.ts";

/** A type of the database, what the table says of it, and values at its edges. */
type Edges = readonly [type: string, column: Column, values: readonly string[]];

const INTEGERS = {
  smallint: ["-32768", "32767", "0"],
  integer: ["-2147483648", "2147483647", "0"],
  bigint: ["-9223372036854775808", "9223372036854775807", "9007199254740993", "0"],
};
const DECIMALS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-1e-400", "0.000", "1.50", "-5e-324"];
const DOUBLES = ["NaN", "Infinity", "-Infinity", "5e-324", "-5e-324", "1.7976931348623157e308", "-0", "0.1"];
const TIMES = [
  ...["infinity", "-infinity", "epoch", "4714-11-24 00:00:00+00 BC", "0001-12-31 23:59:59+00 BC"],
  ...["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00", "10000-01-01 00:00:00+00", "294276-12-31 23:59:59+00"],
];
const LISTS = ["{}", "{NULL}", "{{1,2},{3,4}}", "[2:3]={1,2}"];
const OF_JSON = ["[]", "[null]", "[[1]]", "{}", "1", "null", '"a"', "[1e400]", "[1e-400]", "[1e131000]", '["\\uffff"]'];

/** A row for each type of column: one without its own does not compile. */
const EDGES: { readonly [Type in Column["type"]]: readonly Edges[] } = {
  text: [
    ["text", text("c", { null: "null" }), ["", "\u{10ffff}", "\\", "{NULL}", "a".repeat(5000)]],
    ...Object.entries(INTEGERS).map(([type, values]): Edges => [type, text("c", { stored: "integer" }), values]),
  ],
  number: [
    ...Object.entries(INTEGERS).map(([type, values]): Edges => [type, number("c", { stored: "bigint" }), values]),
    ["numeric", number("c", { stored: "numeric" }), DECIMALS],
    ["float8", number("c"), DOUBLES],
  ],
  boolean: [["boolean", boolean("c", { null: "null" }), ["t", "f"]]],
  timestamp: [
    ["timestamptz", timestamp("c"), TIMES],
    ["timestamptz(3)", timestamp("c", { milliseconds: true }), TIMES],
  ],
  list: [
    ["text[]", list("text", "c"), LISTS],
    ["integer[]", list("number", "c"), [...LISTS, "{-2147483648}"]],
    ["float8[]", list("number", "c"), [...LISTS, "{NaN,Infinity}", "{5e-324}"]],
    ["boolean[]", list("boolean", "c"), ["{}", "{NULL}", "{{t},{f}}"]],
    ...(["text", "number", "boolean"] as const).map((of): Edges => ["jsonb", list(of, "c"), OF_JSON]),
  ],
};

const call = (operator: string, ...operands: readonly RowExpression[]): RowExpression => ({ operator, operands });
const attribute: RowExpression = { name: "request.resource.attr.c" };
const element: RowExpression = { name: "e" };

/** Questions that read the value, and not only whether there is one. */
const ASKED: { readonly [Type in Column["type"]]: readonly RowExpression[] } = {
  text: [call("ge", attribute, { value: "a" }), call("endsWith", attribute, { value: "" }), call("size", attribute)],
  number: [call("lt", attribute, { value: 5 }), call("in", attribute, { value: [0, -32768] })],
  boolean: [attribute],
  timestamp: [call("le", call("timestamp", attribute), call("timestamp", { value: "2024-01-01T00:00:00Z" }))],
  list: ["a", 0, true].map((value) =>
    call("exists", attribute, call("lambda", call("eq", element, { value }), element)),
  ),
};

function questionsOf(type: Column["type"]): readonly RowExpression[] {
  const asked = ASKED[type].map((it) =>
    "operator" in it && it.operator === "size" ? call("gt", it, { value: 1 }) : it,
  );
  return asked.flatMap((it) => [it, call("not", it)]);
}

describe(`a value at the edge of a type of ${POSTGRES}`, () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, PATIENCE);
  afterAll(() => postgres.close());

  it.each(Object.values(EDGES).flat())("ends no search: %s", async (type, column, values) => {
    const things = table({ id: text(), columns: { c: column } });
    await postgres.query("DROP TABLE IF EXISTS things");
    await postgres.query(`CREATE TABLE things (id text, c ${type})`);
    for (const [i, value] of values.entries()) {
      await postgres.query("INSERT INTO things VALUES ($1, $2)", [`r${i}`, value]);
    }
    for (const expression of questionsOf(column.type)) {
      for (const unknown of ["sql", "weak"] as const) {
        const condition = { expression, required: ["c"], unknown };
        const { text: where, values: parameters } = toSql(condition, things, { dialect: "postgres" });
        const found = await postgres.query(`SELECT * FROM things WHERE ${where} ORDER BY id`, parameters);
        // A driver may make 0 of what is no double, of which SQL knows nothing, and shows less; never the other way round.
        expect(found).toEqual(found.filter(toPredicate(condition, things)));
      }
    }
  });
});
