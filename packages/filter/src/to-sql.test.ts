import type { RowExpression } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { boolean, list, number, text } from "./column.ts";
import { attr, call, each, value, where } from "./expressions.fixture.ts";
import { table } from "./table.ts";
import { toPredicate } from "./to-predicate.ts";
import { toSql } from "./to-sql.ts";

const sqlite = await import("node:sqlite").catch(() => undefined);
const invoices = table({
  id: text(),
  columns: {
    region: text(),
    owner: text("owner_id", { null: "absent" }),
    amount: number(),
    'a"b`c': text({ null: "absent" }),
    "x.y": text(),
    tags: list("text"),
    codes: list("number", { null: "absent" }),
  },
});
const EMEA = call("eq", attr("region"), value("EMEA"));
const unsupported = (what: RegExp) =>
  expect.objectContaining({ code: "filter_unsupported", message: expect.stringMatching(what) });

describe("toSql", () => {
  it("writes one condition in parentheses, with what makes the unknown false once round it, and each value as a parameter", () => {
    const { text: sql, values } = toSql(where(call("and", EMEA, call("not", EMEA))), invoices, { dialect: "postgres" });
    const column = `(CASE WHEN pg_typeof(COALESCE("region", NULL)) <> 'character'::regtype AND pg_typeof(COALESCE("region", NULL))::text NOT LIKE '%[]' THEN ("region" COLLATE "C")::text ELSE ('text() of the table fits no column of type ' || pg_typeof(COALESCE("region", NULL))::text)::boolean::text END) COLLATE "C"`;
    expect(sql).toBe(
      `(((((${column} = $1::text COLLATE "C") AND (NOT (${column} = $2::text COLLATE "C")))) IS TRUE)::boolean)`,
    );
    expect(values).toEqual(["EMEA", "EMEA"]);
  });

  it("says which rows must have which attribute, in every dialect and also where all rows may be seen", () => {
    const required = { required: ["region", "owner"] };
    expect(toSql(where(true, required), invoices, { dialect: "postgres" }).text).toBe(
      '(((1 = 1) AND "region" IS NOT NULL AND "owner_id" IS NOT NULL)::boolean)',
    );
    expect(toSql(where(false, required), invoices, { dialect: "sqlite" }).text).toBe(
      "((1 = 0) AND `region` IS NOT NULL AND `owner_id` IS NOT NULL)",
    );
    expect(toSql(where(EMEA, required), invoices, { dialect: "sqlite" }).text).toMatch(
      /\) IS 1 AND `region` IS NOT NULL AND `owner_id` IS NOT NULL\)$/,
    );
    expect(() => toSql(where(true, { required: ["gone"] }), invoices, { dialect: "sqlite" })).toThrow(
      unsupported(/the attribute "gone"/),
    );
  });

  it("has a cast of PostgreSQL in whatever condition, so that MySQL runs none: to it a quoted name is a text, and NOT of it true", () => {
    const paid = table({ id: text(), columns: { paid: boolean() } });
    for (const expression of [true, attr("paid"), call("not", attr("paid"))]) {
      for (const required of [[], ["paid"]]) {
        const { text: sql } = toSql(where(expression, { required }), paid, { dialect: "postgres" });
        expect(sql).toMatch(/^\(\(.*\)::boolean\)$/s);
      }
    }
  });

  it("puts the name of the table before each column, and counts parameters from where it is told", () => {
    const condition = where(
      call("or", EMEA, call("exists", attr("tags"), each("e", call("eq", { name: "e" }, attr("owner"))))),
    );
    const { text: sql, values } = toSql(condition, invoices, { dialect: "postgres", from: "i", parametersFrom: 3 });
    expect(sql.match(/"(region|owner_id|tags)"/g)?.length).toBe(sql.match(/"i"\."/g)?.length);
    expect(sql).toContain("$3::text");
    expect(values).toEqual(["EMEA"]);
    expect(() => toSql(condition, invoices, { dialect: "sqlite", parametersFrom: 3 })).toThrow(
      "parametersFrom must be left out",
    );
  });

  it("has no text of a policy in it, whatever that looks like", () => {
    const evil = `'); DROP TABLE invoices; -- " \` $1 ?`;
    for (const dialect of ["postgres", "sqlite"] as const) {
      const expressions = [
        call("eq", attr("region"), value(evil)),
        call("in", value(evil), attr("tags")),
        call("in", attr("region"), value([evil])),
      ];
      for (const expression of expressions) {
        const { text: sql, values } = toSql(where(expression), invoices, { dialect });
        expect(sql).not.toContain("DROP");
        expect(JSON.stringify(values)).toContain("DROP");
      }
      const { text: sql } = toSql(
        where(call("eq", call("index", { name: "request.resource.attr" }, value('a"b`c')), value(""))),
        invoices,
        { dialect },
      );
      expect(sql).toContain(dialect === "postgres" ? '"a""b`c"' : '`a"b``c`');
    }
  });

  it("takes a long list as one parameter", () => {
    const many = Array.from({ length: 200_000 }, (_, i) => `it ${i}`);
    const condition = where(call("in", attr("region"), value([...many, 5, null])));
    expect(toSql(condition, invoices, { dialect: "postgres" }).values).toEqual([
      `{${many.map((it) => `"${it}"`).join(",")}}`,
    ]);
    expect(toSql(condition, invoices, { dialect: "sqlite" }).values).toEqual([JSON.stringify(many)]);
  });

  it("refuses what is not mapped or no attribute of the resource, by its name", () => {
    const named: readonly (readonly [RowExpression, RegExp])[] = [
      [attr("gone"), /the attribute "gone"/],
      [attr("__proto__"), /the attribute "__proto__"/],
      [attr("constructor"), /the attribute "constructor"/],
      [attr("x.y"), /the variable "request.resource.attr.x.y", which is within an attribute.*of its own/],
      [attr(""), /the variable "request.resource.attr."/],
      [{ name: "request.resource.attr" }, /the variable "request.resource.attr"/],
      [{ name: "request.resource.policyVersion" }, /the variable "request.resource.policyVersion"/],
      [{ name: "request.principal.attr.region" }, /the variable "request.principal.attr.region"/],
      [{ name: "request.aux_data.jwt.sub" }, /the variable "request.aux_data.jwt.sub"/],
      [{ name: "e" }, /the variable "e"/],
      [
        call("exists", attr("tags"), each("e", call("eq", { name: "e.k" }, value("x")))),
        /the variable "e.k", which is within an element/,
      ],
      [
        call("index", call("index", { name: "request.resource.attr" }, value("m")), value("k")),
        /the operator "index", which is within an attribute.*of its own/,
      ],
      [call("index", attr("region"), value("k")), /the operator "index", which is within an attribute/],
      [call("index", { name: "request.resource.attr" }, attr("region")), /the operator "index"/],
      [value(["a"]), /a list or a map/],
    ];
    for (const [expression, what] of named) {
      expect(
        () => toSql(where(call("eq", expression, value("SECRET"))), invoices, { dialect: "postgres" }),
        JSON.stringify(expression),
      ).toThrow(unsupported(what));
    }
    expect(
      toSql(where(call("eq", call("index", { name: "request.resource.attr" }, value("x.y")), value("a"))), invoices, {
        dialect: "sqlite",
      }).text,
    ).toContain("`x.y`");
  });

  it("refuses values that no database can take, and what is no expression, with its place and without a value", () => {
    const bad = [
      "SECRET\ud800",
      "SECRET\0",
      Number.NaN,
      Number.POSITIVE_INFINITY,
      { SECRET: 1 },
      [["SECRET"]],
      [Number.NaN],
      ["SECRET\0"],
      Symbol("SECRET"),
      () => "SECRET",
    ];
    for (const it of bad) {
      for (const operator of ["eq", "in"]) {
        const run = () =>
          toSql(where(call(operator, attr("region"), { value: it } as never)), invoices, { dialect: "postgres" });
        expect(run).toThrow(expect.objectContaining({ code: "filter_unsupported", pointer: "/operands/1" }));
        expect(run).not.toThrow(/SECRET/);
      }
    }
    for (const it of [{}, { operator: "eq" }, { operator: 5, operands: [] }, { value: undefined }, { name: 5 }]) {
      expect(() => toSql(where(call("not", it as never)), invoices, { dialect: "postgres" })).toThrow(
        unsupported(/a part that is neither/),
      );
    }
    const failing = Object.defineProperty({}, "operator", {
      get: () => {
        throw new Error("SECRET");
      },
    });
    expect(() => toSql(where(call("not", failing as never)), invoices, { dialect: "sqlite" })).toThrow(
      unsupported(/fails when it is read/),
    );
  });

  it("is bounded in depth and size before anything is made", () => {
    const deep = (levels: number): RowExpression => (levels === 0 ? EMEA : call("not", deep(levels - 1)));
    expect(() => toSql(where(deep(65)), invoices, { dialect: "postgres" })).toThrow(unsupported(/more than 64 levels/));
    const endless: { operator: string; operands: unknown[] } = { operator: "not", operands: [] };
    endless.operands.push(endless);
    expect(() => toSql(where(endless as never), invoices, { dialect: "postgres" })).toThrow(
      unsupported(/more than 64 levels/),
    );
    const wide = call("or", ...Array.from({ length: 4000 }, () => EMEA));
    expect(() => toSql(where(wide), invoices, { dialect: "postgres" })).toThrow(unsupported(/more than 4000 parts/));
    const long = value(Array.from({ length: 250_001 }, () => "a"));
    expect(() => toSql(where(call("in", attr("region"), long)), invoices, { dialect: "postgres" })).toThrow(
      unsupported(/more than 250000 values/),
    );
  });
});

describe.skipIf(sqlite === undefined)("in SQLite", () => {
  const db = new (sqlite as NonNullable<typeof sqlite>).DatabaseSync(":memory:", {
    enableDoubleQuotedStringLiterals: true,
  });
  db.exec("CREATE TABLE invoices (id TEXT, region TEXT COLLATE NOCASE, amount INTEGER, tags TEXT, codes TEXT)");
  db.exec(
    `INSERT INTO invoices VALUES ('1', 'EMEA', 10, '["a"]', NULL), ('2', 'emea', 11, '{"a":1}', '{}'), ('3', '10', 'x', '"a"', '[1, "1"]'), ('4', 'x', 9007199254740993, '[]', '[9007199254740993]')`,
  );
  const idsWhere = (expression: RowExpression, unknown: "sql" | "weak" = "sql"): string => {
    const { text: sql, values } = toSql(where(expression, { unknown }), invoices, {
      dialect: "sqlite",
      from: "invoices",
    });
    const found = db.prepare(`SELECT id FROM invoices WHERE ${sql} ORDER BY id`).all(...(values as never[]));
    return found.map(({ id }) => id).join();
  };

  it("runs the deepest and the largest condition that is let through", () => {
    const unary = (levels: number, leaf: RowExpression, by: string): RowExpression =>
      levels === 0 ? leaf : call(by, unary(levels - 1, leaf, by));
    const wide = (levels: number, width: number): RowExpression =>
      levels === 0
        ? EMEA
        : call(levels % 2 === 0 ? "and" : "or", ...Array.from({ length: width }, () => EMEA), wide(levels - 1, width));
    const branching = (levels: number): RowExpression =>
      levels === 0 ? EMEA : call("if", branching(levels - 1), EMEA, call("not", EMEA));
    for (const unknown of ["sql", "weak"] as const) {
      expect(idsWhere(unary(60, EMEA, "not"), unknown)).toBe("1");
      expect(idsWhere(wide(60, 20), unknown)).toBe("1");
      expect(idsWhere(wide(1, 1300), unknown)).toBe("1");
      expect(idsWhere(branching(60), unknown)).toBe("1");
    }
    const within = (levels: number): RowExpression =>
      levels === 0 ? EMEA : call("exists", attr("tags"), each(`e${levels}`, within(levels - 1)));
    expect(idsWhere(within(10))).toBe("1");
  });

  it("takes a column of another affinity and a list that is none for unknown, also under NOT", () => {
    for (const expression of [call("eq", attr("amount"), value(10)), call("in", value("a"), attr("tags"))]) {
      expect(idsWhere(expression)).toBe("1");
    }
    expect(idsWhere(call("not", call("eq", attr("amount"), value(10))))).toBe("2,4");
    expect(idsWhere(call("not", call("in", value("a"), attr("tags"))))).toBe("4");
    expect(idsWhere(call("eq", attr("region"), value(10)))).toBe("");
    expect(idsWhere(call("ne", attr("region"), value(10)))).toBe("1,2,3,4");
    expect(idsWhere(call("eq", attr("region"), value("EMEA")))).toBe("1");
    expect(idsWhere(call("in", attr("region"), value(["EMEA"])))).toBe("1");
  });

  it("takes half a character in a list, and a list with a NUL behind it, for unknown, as memory does", () => {
    const lists: readonly (readonly [stored: string, hasOther: boolean | undefined])[] = [
      ['["\\ud800"]', undefined],
      ['["\\ud83d\\ude00"]', true],
      ['["\ud7ff", "a\\u0000\\udfff"]', true],
      ['["a", "a\\u0000\\udfff"]', undefined],
      ['["a\\u0000"]', true],
      ['["b"]\0', undefined],
      ['["b"]\0x', undefined],
    ];
    db.exec("CREATE TEMP TABLE lists (id INTEGER PRIMARY KEY, tags TEXT)");
    for (const [stored] of lists) db.prepare("INSERT INTO lists (tags) VALUES (?)").run(stored);
    const hasOther = call("exists", attr("tags"), each("e", call("ne", { name: "e" }, value("a"))));
    for (const [expression, truth] of [
      [hasOther, true],
      [call("not", hasOther), false],
    ] as const) {
      const { text: sql, values } = toSql(where(expression), invoices, { dialect: "sqlite" });
      const found = db.prepare(`SELECT tags FROM lists WHERE ${sql} ORDER BY id`).all(...(values as never[]));
      expect(found.map(({ tags }) => tags)).toEqual(lists.filter((it) => it[1] === truth).map(([stored]) => stored));
      expect(lists.map(([tags]) => ({ tags })).filter(toPredicate(where(expression), invoices))).toEqual(
        found.map(({ tags }) => ({ tags })),
      );
    }
  });

  it("compares integers of 64 bits as the doubles that policies see", () => {
    expect(idsWhere(call("eq", attr("amount"), value(2 ** 53)))).toBe("4");
    expect(idsWhere(call("in", attr("amount"), value([2 ** 53, 11])))).toBe("2,4");
    expect(idsWhere(call("in", value(2 ** 53), attr("codes")))).toBe("4");
    expect(idsWhere(call("not", call("in", value(2 ** 53), attr("codes"))))).toBe("");
  });

  it("fails on a column that the table does not have, and does not take its name for a text", () => {
    const { text: sql } = toSql(where(call("eq", attr("owner"), attr("owner"))), invoices, { dialect: "sqlite" });
    expect(() => db.prepare(`SELECT id FROM invoices WHERE ${sql}`)).toThrow(/no such column/);
  });
});
