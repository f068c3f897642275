import type { RowExpression } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { boolean, list, number, text, timestamp } from "../column.ts";
import { attr, call, each, time, value, where } from "../expressions.fixture.ts";
import { table } from "../table.ts";
import { toPredicate } from "../to-predicate.ts";
import { toSql } from "../to-sql.ts";
import { OPERATORS, type OperatorName } from "./index.ts";

const sqlite = await import("node:sqlite").catch(() => undefined);

const invoices = table({
  id: text(),
  columns: {
    region: text(),
    owner: text({ null: "absent" }),
    note: text({ null: "null" }),
    amount: number(),
    discount: number({ null: "absent" }),
    paid: boolean(),
    seen: boolean({ null: "absent" }),
    due: timestamp(),
    sent: timestamp({ null: "absent" }),
    tags: list("text"),
    codes: list("number", { null: "absent" }),
  },
});

/** `owner`, `discount`, `seen`, `sent` and `codes` are absent, `note` is null. */
const ROW = {
  id: "INV-7",
  region: "Überlingen ",
  owner: null,
  note: null,
  amount: 2 ** 53,
  discount: null,
  paid: 1,
  seen: null,
  due: "2024-01-01T00:00:00.5Z",
  sent: null,
  tags: '["a","b",null]',
  codes: null,
};

const [region, owner, note, amount, discount] = ["region", "owner", "note", "amount", "discount"].map(attr) as [
  RowExpression,
  RowExpression,
  RowExpression,
  RowExpression,
  RowExpression,
];
const [paid, seen, due, sent, tags, codes] = ["paid", "seen", "due", "sent", "tags", "codes"].map(attr) as [
  RowExpression,
  RowExpression,
  RowExpression,
  RowExpression,
  RowExpression,
  RowExpression,
];
const of = (it: RowExpression): RowExpression => call("timestamp", it);
const is = (it: string | null): RowExpression => call("eq", { name: "e" }, value(it));

/** Conditions that are true, false and unknown of the row, and what is refused. */
interface Meaning {
  readonly holds: readonly RowExpression[];
  readonly fails: readonly RowExpression[];
  readonly unknown: readonly RowExpression[];
  readonly refused: readonly RowExpression[];
}

/** A row for each operator: a new one without its own does not compile. */
const MEANINGS: { readonly [Name in OperatorName]: Meaning } = {
  eq: {
    holds: [
      call("eq", region, value("Überlingen ")),
      call("eq", value(2 ** 53), amount),
      call("eq", note, value(null)),
      call("eq", note, note),
      call("eq", call("and", paid, paid), value(true)),
      call("eq", of(due), time("2024-01-01T01:00:00.500+01:00")),
    ],
    fails: [
      call("eq", region, value("Überlingen")),
      call("eq", region, value("überlingen ")),
      call("eq", region, value("U\u0308berlingen ")),
      call("eq", amount, value("9007199254740992")),
      call("eq", note, value("x")),
      call("eq", region, value(null)),
      call("eq", of(due), time("2024-01-01T00:00:00.500000001Z")),
    ],
    unknown: [
      call("eq", owner, value("x")),
      call("eq", owner, value(null)),
      call("eq", owner, owner),
      call("eq", owner, note),
    ],
    refused: [
      call("eq", tags, tags),
      call("eq", due, value("2024-01-01T00:00:00Z")),
      call("eq", region),
      call("eq", call("not", paid), note),
    ],
  },
  ne: {
    holds: [call("ne", region, value("x")), call("ne", region, value(5)), call("ne", note, value("x"))],
    fails: [call("ne", note, value(null)), call("ne", amount, value(2 ** 53))],
    unknown: [call("ne", owner, value("x")), call("ne", owner, value(null))],
    refused: [call("ne", codes, tags)],
  },
  lt: {
    holds: [
      call("lt", value(1), amount),
      call("lt", value("Zzz"), region),
      call("lt", of(due), time("2024-01-01T00:00:00.51Z")),
    ],
    fails: [call("lt", amount, value(2 ** 53)), call("lt", of(due), time("2024-01-01T00:00:00Z"))],
    unknown: [
      call("lt", discount, value(1)),
      call("lt", note, value("x")),
      call("lt", region, value(5)),
      call("lt", amount, value(null)),
    ],
    refused: [call("lt", due, value("2025"))],
  },
  le: {
    holds: [call("le", amount, value(2 ** 53)), call("le", value(false), paid)],
    fails: [call("le", amount, value(1))],
    unknown: [call("le", owner, region), call("le", tags, value(1))],
    refused: [call("le", amount)],
  },
  gt: {
    holds: [
      call("gt", amount, value(1)),
      call("gt", value("\ufffd"), region),
      call("gt", value("😀"), value("\ufffd")),
    ],
    fails: [call("gt", value(1), amount)],
    unknown: [call("gt", discount, amount)],
    refused: [call("gt", amount, value(1), value(2))],
  },
  ge: {
    holds: [call("ge", amount, amount)],
    fails: [call("ge", value(1), amount)],
    unknown: [call("ge", note, note)],
    refused: [call("ge")],
  },
  in: {
    holds: [
      call("in", region, value(["x", "Überlingen "])),
      call("in", amount, value([1.5, 2 ** 53])),
      call("in", note, value(["x", null])),
      call("in", value("b"), tags),
      call("in", value(null), tags),
      call("in", note, tags),
      call("in", paid, value([true])),
    ],
    fails: [
      call("in", region, value([])),
      call("in", region, value([5, null])),
      call("in", note, value(["x"])),
      call("in", value("c"), tags),
      call("in", value(1), tags),
    ],
    unknown: [
      call("in", owner, value([])),
      call("in", owner, value(["x", null])),
      call("in", value(1), codes),
      call("in", owner, tags),
    ],
    refused: [call("in", value("a"), region), call("in", tags, value(["a"])), call("in", due, value(["x"]))],
  },
  and: {
    holds: [call("and", paid), call("and", paid, paid, paid)],
    fails: [call("and", paid, seen, call("not", paid))],
    unknown: [call("and", paid, seen), call("and", region, paid)],
    refused: [call("and")],
  },
  or: {
    holds: [call("or", seen, paid), call("or", region, paid)],
    fails: [call("or", call("not", paid))],
    unknown: [call("or", seen, call("not", paid)), call("or", note)],
    refused: [call("or")],
  },
  not: {
    holds: [call("not", call("not", paid))],
    fails: [call("not", paid)],
    unknown: [call("not", seen), call("not", note)],
    refused: [call("not", paid, paid)],
  },
  if: {
    holds: [call("if", paid, paid, seen), call("if", call("not", paid), seen, paid)],
    fails: [call("if", paid, call("not", paid), paid)],
    unknown: [call("if", seen, paid, paid), call("if", paid, seen, paid), call("if", note, paid, paid)],
    refused: [
      call("if", paid, paid),
      call("if", paid, region, paid),
      call("if", paid, paid, note),
      call("if", paid, value(null), paid),
      call("eq", call("if", paid, region, { name: "request.resource.id" }), value("Überlingen ")),
      call("lt", call("if", paid, amount, value(1)), value(5)),
      call("if", paid, tags, tags),
      call("if", paid, of(due), of(due)),
    ],
  },
  startsWith: {
    holds: [
      call("startsWith", region, value("Üb")),
      call("startsWith", region, value("")),
      call("startsWith", value("Überlingen  am See"), region),
    ],
    fails: [
      call("startsWith", region, value("üb")),
      call("startsWith", region, value("%")),
      call("startsWith", value(""), region),
    ],
    unknown: [
      call("startsWith", owner, value("")),
      call("startsWith", note, value("")),
      call("startsWith", amount, value("9")),
    ],
    refused: [call("startsWith", due, value("2024"))],
  },
  endsWith: {
    holds: [
      call("endsWith", region, value("n ")),
      call("endsWith", region, value("")),
      call("endsWith", region, region),
    ],
    fails: [call("endsWith", region, value("n")), call("endsWith", region, value(" Überlingen "))],
    unknown: [
      call("endsWith", owner, value("")),
      call("endsWith", note, value("")),
      call("endsWith", region, value(5)),
    ],
    refused: [call("endsWith", region)],
  },
  contains: {
    holds: [call("contains", region, value("berl")), call("contains", region, value(""))],
    fails: [call("contains", region, value("BER")), call("contains", region, value("_"))],
    unknown: [call("contains", owner, value("x")), call("contains", tags, value("a"))],
    refused: [call("contains", region, value("a"), value("b"))],
  },
  exists: {
    holds: [
      call("exists", tags, each("e", is("b"))),
      call("exists", tags, each("e", call("startsWith", { name: "e" }, value("a")))),
    ],
    fails: [call("exists", tags, each("e", is("c")))],
    unknown: [
      call("exists", codes, each("e", is("c"))),
      call("exists", tags, each("e", call("startsWith", { name: "e" }, value("c")))),
    ],
    refused: [
      call("exists", tags, value(true)),
      call("exists", region, each("e", is("a"))),
      call("exists", tags, call("lambda", paid, { name: "i" }, { name: "e" })),
      call("exists", tags, each("e", call("eq", { name: "e.k" }, value(1)))),
      call("exists", tags, each("request", call("eq", { name: "request.resource.attr.region" }, value(1)))),
    ],
  },
  exists_one: {
    holds: [call("exists_one", tags, each("e", is("a")))],
    fails: [
      call("exists_one", tags, each("e", call("ne", { name: "e" }, value("a")))),
      call("exists_one", tags, each("e", is("c"))),
    ],
    unknown: [
      call("exists_one", tags, each("e", call("le", { name: "e" }, value("a")))),
      call("exists_one", codes, each("e", paid)),
    ],
    refused: [call("exists_one", tags)],
  },
  all: {
    holds: [
      call("all", tags, each("e", call("ne", { name: "e" }, value("c")))),
      call("all", tags, each("e", call("in", { name: "e" }, tags))),
    ],
    fails: [call("all", tags, each("e", call("lt", { name: "e" }, value("b"))))],
    unknown: [call("all", tags, each("e", call("lt", { name: "e" }, value("c")))), call("all", codes, each("e", paid))],
    refused: [call("all", value(["a"]), each("e", paid))],
  },
  size: {
    holds: [
      call("eq", call("size", tags), value(3)),
      call("eq", call("size", region), value(11)),
      call("gt", call("size", value("😀")), value(0.5)),
    ],
    fails: [call("eq", call("size", tags), value(2)), call("eq", call("size", tags), value("3"))],
    unknown: [call("eq", call("size", codes), value(0)), call("ge", call("size", note), value(0))],
    refused: [call("eq", call("size", amount), value(1))],
  },
  timestamp: {
    holds: [
      call("ge", of(due), time("2024-01-01T00:00:00.5Z")),
      call("lt", time("2023-12-31T23:59:59.999999999Z"), of(due)),
    ],
    fails: [call("gt", of(due), time("2023-12-31T23:30:00-00:45"))],
    unknown: [call("lt", of(sent), time("2024-01-01T00:00:00Z")), call("lt", of(due), value("2025-01-01T00:00:00Z"))],
    refused: [
      call("lt", of(region), time("2024-01-01T00:00:00Z")),
      call("lt", of(due), time("2024-02-30T00:00:00Z")),
      call("lt", of(due), time("2024-01-01")),
      call("lt", of(amount), of(due)),
    ],
  },
};

type Truth = "true" | "false" | "unknown";

/** Unknown is what neither a condition nor its opposite shows. */
function truthBy(shows: (expression: RowExpression) => boolean, expression: RowExpression): Truth {
  const [plain, opposite] = [shows(expression), shows(call("not", expression))];
  expect(plain && opposite).toBe(false);
  return plain ? "true" : opposite ? "false" : "unknown";
}

const places: Record<string, (expression: RowExpression) => boolean> = {
  "in memory": (expression) => toPredicate(where(expression), invoices)(ROW),
};
if (sqlite !== undefined) {
  const { DatabaseSync } = sqlite;
  const showsIn = (row: object): ((expression: RowExpression) => boolean) => {
    const db = new DatabaseSync(":memory:");
    const names = Object.keys(row).map((name) => `"${name}"`);
    db.exec(`CREATE TABLE invoices (${names.join(", ")})`);
    db.prepare(`INSERT INTO invoices VALUES (${names.map(() => "?").join(", ")})`).run(...Object.values(row));
    return (expression) => {
      const { text: sql, values } = toSql(where(expression), invoices, { dialect: "sqlite" });
      return db.prepare(`SELECT 1 FROM invoices WHERE ${sql}`).all(...(values as never[])).length > 0;
    };
  };
  places["in SQLite"] = showsIn(ROW);
  places["in SQLite, where columns have the names of all words of the SQL"] = showsIn({
    ...Object.fromEntries(
      [...wordsIn(), "TRUE", "FALSE"].map((word) => [word.toLowerCase(), word === "FALSE" ? 1 : 0]),
    ),
    ...ROW,
  });
}

/** Each word that is neither a text nor a quoted name. */
function wordsIn(): readonly string[] {
  const written = Object.values(MEANINGS).flatMap(({ holds, fails, unknown }) => [...holds, ...fails, ...unknown]);
  const texts = written.map((it) => toSql(where(it), invoices, { dialect: "sqlite" }).text);
  return texts.flatMap((it) => it.replace(/'[^']*'|`[^`]*`/g, " ").match(/[a-z_]\w*/gi) ?? []);
}

describe.each(Object.entries(places))("%s", (_, shows) => {
  it.each(Object.entries(MEANINGS))("%s means what CEL says, also under NOT", (_name, { holds, fails, unknown }) => {
    for (const it of holds) expect(truthBy(shows, it), JSON.stringify(it)).toBe("true");
    for (const it of fails) expect(truthBy(shows, it), JSON.stringify(it)).toBe("false");
    for (const it of unknown) expect(truthBy(shows, it), JSON.stringify(it)).toBe("unknown");
  });
});

describe("the table of operators", () => {
  it("writes each of them for PostgreSQL, with its values as parameters alone", () => {
    for (const expression of Object.values(MEANINGS).flatMap(({ holds, fails, unknown }) => [
      ...holds,
      ...fails,
      ...unknown,
    ])) {
      const { text: sql, values } = toSql(where(expression), invoices, { dialect: "postgres" });
      expect(sql).toMatch(/^\(\(\(.*\) IS TRUE\)::boolean\)$/s);
      expect(new Set(sql.match(/\$\d+/g) ?? []).size).toBe(values.length);
      expect(sql).not.toMatch(/berlingen|9007199254740992|2024-01/);
      // Builders write a list as several values, and read a text within it as an array.
      for (const value of values) expect(typeof value, JSON.stringify(expression)).not.toBe("object");
    }
  });

  it.each(Object.entries(MEANINGS))("refuses %s on operands that it cannot say", (name, { refused }) => {
    expect(refused.length).toBeGreaterThan(0);
    for (const expression of refused) {
      for (const run of [
        () => toSql(where(expression), invoices, { dialect: "postgres" }),
        () => toSql(where(call("not", expression)), invoices, { dialect: "sqlite" }),
        () => toPredicate(where(expression), invoices),
      ]) {
        expect(run, `${name}: ${JSON.stringify(expression)}`).toThrow(
          expect.objectContaining({ code: "filter_unsupported" }),
        );
      }
    }
  });

  it("compares the text of a time with nothing, and says so to who wrote a policy or a grant", () => {
    for (const expression of [
      call("lt", due, value("2025")),
      call("in", due, value(["x"])),
      call("startsWith", due, value("2024")),
    ]) {
      const write = () => toSql(where(expression), invoices, { dialect: "sqlite" });
      expect(write).toThrow(/on the text of a time; a policy must say timestamp\(R\.attr\.…\), and a grant can/);
    }
  });

  it("knows no other: each is refused by its name, and none of what a plan may hold besides", () => {
    const others = [
      "add",
      "sub",
      "mult",
      "div",
      "mod",
      "-_",
      "matches",
      "lowerAscii",
      "upperAscii",
      "timeSince",
      "duration",
    ];
    const carriers = [
      "get-field",
      "set-field",
      "struct",
      "list",
      "int",
      "double",
      "string",
      "hierarchy",
      "overlaps",
      "map",
      "filter",
    ];
    const more = [
      "isSubset",
      "hasIntersection",
      "intersect",
      "except",
      "toString",
      "constructor",
      "__proto__",
      "lambda",
      "",
    ];
    for (const operator of [...others, ...carriers, ...more]) {
      expect(Object.hasOwn(OPERATORS, operator)).toBe(false);
      const condition = where(call("eq", call(operator, region, value("SECRET")), value("SECRET")));
      expect(() => toPredicate(condition, invoices)).toThrow(
        expect.objectContaining({
          code: "filter_unsupported",
          message: expect.stringContaining(JSON.stringify(operator)),
        }),
      );
      expect(() => toPredicate(condition, invoices)).not.toThrow(/SECRET/);
    }
  });
});
