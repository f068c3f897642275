import type { Filter } from "@hopwise/core/filter";
import * as filter from "@hopwise/filter";
import { describe } from "vitest";
import {
  type DoorRows,
  NO_COUNT,
  NO_FLAG,
  NO_LIST,
  NO_METHODS,
  NO_OBJECT,
  NO_TEXT,
  optionsRow,
  type Row,
  valueRow,
  walk,
} from "./row.ts";

const region = { name: "request.resource.attr.region" };
const condition: filter.RowCondition = {
  expression: { operator: "eq", operands: [region, { value: "EMEA" }] },
  required: ["region"],
  unknown: "sql",
};
const invoices = filter.table({ id: filter.text(), columns: { region: filter.text() } });
const given: Filter = {
  kind: "invoice",
  action: "read",
  plansSuffice: false,
  applied: undefined,
  fault: undefined,
  fail: () => {},
  take: () => condition,
  check: async (rows) => rows.map(() => ({})),
  leaveOut: () => {},
} as Filter;

const NO_NAME = [...NO_TEXT, "a\0b", "a".repeat(64), "\ud800"];
const NULL = ["Absent", "", null, true];
const NO_CONDITION = [
  ...NO_OBJECT,
  {},
  { ...condition, unknown: "SQL" },
  { ...condition, required: "region" },
  { ...condition, required: [5] },
  { ...condition, required: new Array(1) },
  { ...condition, expression: "region" },
  { ...condition, expression: undefined },
];

const doors: DoorRows<typeof filter> = {
  text: optionsRow<filter.TextOptions>({}, { null: NULL, stored: ["char", "", null, 5] }, (options) =>
    filter.text("c", options),
  ),
  number: optionsRow<filter.NumberOptions>({}, { null: NULL, stored: ["real", "", null, 5] }, (options) =>
    filter.number("c", options),
  ),
  boolean: optionsRow<filter.ColumnOptions>({}, { null: NULL }, (options) => filter.boolean("c", options)),
  timestamp: optionsRow<filter.TimestampOptions>({}, { null: NULL, milliseconds: NO_FLAG }, (options) =>
    filter.timestamp("c", options),
  ),
  list: optionsRow<filter.ColumnOptions>({}, { null: NULL }, (options) => filter.list("text", "c", options)),
  table: optionsRow<filter.TableOptions>(
    { id: filter.text(), columns: { region: filter.text() } },
    {
      id: [...NO_OBJECT, {}, filter.number(), filter.text({ null: "absent" }), { ...filter.text() }],
      columns: [...NO_OBJECT, new Map(), { region: "text" }, { region: { ...filter.text() } }, { "": filter.text() }],
    },
    filter.table,
  ),
  toSql: optionsRow<filter.SqlOptions>(
    { dialect: "postgres" },
    { dialect: ["mysql", "", null, 5, undefined], from: NO_NAME, parametersFrom: [...NO_COUNT, 0] },
    (options) => filter.toSql(condition, invoices, options),
  ),
  toPredicate: valueRow<filter.RowCondition>(condition, NO_CONDITION, (it) => filter.toPredicate(it, invoices)),
  toCerbos: valueRow<filter.RowCondition>(condition, NO_CONDITION, filter.toCerbos),
  pgvectorQuery: optionsRow<filter.VectorOptions>(
    { from: "documents", embedding: "embedding", near: [1, 2], distance: "cosine", limit: 10 },
    {
      from: NO_NAME,
      embedding: NO_NAME,
      near: [...NO_LIST, [], [Number.NaN], ["1"]],
      distance: ["l2", "", null, 5],
      limit: [...NO_COUNT, 0, 10_001],
    },
    (options) => filter.pgvectorQuery(condition, invoices, options),
  ),
  visibleRows: valueRow<Filter>(given, [...NO_METHODS, undefined], (it) =>
    filter.visibleRows(it, invoices, { dialect: "sqlite" }, () => []),
  ),
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("a column's name, and what it is of", () => {
  const { text, number, boolean, timestamp } = filter;
  for (const [name, make] of Object.entries({ text, number, boolean, timestamp })) {
    walk(
      name,
      valueRow<string>("c", NO_NAME, (it) => make(it, {})),
    );
  }
  walk(
    "list",
    valueRow<"text">("text", ["timestamp", "", null, 5, undefined], (of) => filter.list(of)),
  );
});

describe("the table of a condition", () => {
  const NO_TABLE = [...NO_OBJECT, undefined, {}, { ...invoices }];
  walk(
    "toSql on",
    valueRow<filter.Table>(invoices, NO_TABLE, (it) => filter.toSql(condition, it, { dialect: "sqlite" })),
  );
  walk(
    "toPredicate on",
    valueRow<filter.Table>(invoices, NO_TABLE, (it) => filter.toPredicate(condition, it)),
  );
  walk(
    "visibleRows on",
    valueRow<filter.Table>(invoices, NO_TABLE, (it) => filter.visibleRows(given, it, { dialect: "sqlite" }, () => [])),
  );
});
