/** Which types of PostgreSQL a column may have: by themselves, in a domain, and in a domain over that one. */
import type { Filter } from "@hopwise/core/filter";
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
  visibleRows,
} from "@hopwise/filter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PATIENCE } from "../law/random/runs.ts";
import { POSTGRES, type Postgres, startPostgres } from "../support/postgres.ts";

/** The type in the database, a value as it is written there, and as policies see it. */
type Case = readonly [type: string, written: string, column: Column, seen: string | number | boolean];
interface Cases {
  readonly known: readonly Case[];
  /** A column of such a type is refused, whatever it holds: else each search would be an empty list. */
  readonly refused: readonly Case[];
  /** Of such a cell nothing is known. */
  readonly unknown?: readonly Case[];
}

const UUID = "6a2f0d0e-0000-4000-8000-000000000000";
const TIME = "2024-01-01T00:00:00Z";
const MANY = "9007199254740993";

/** A row for each type of column: one without its own does not compile. */
const CASES: { readonly [Type in Column["type"]]: Cases } = {
  text: {
    known: [
      ["text", "ab", text("c"), "ab"],
      ["varchar(9)", "ab", text("c"), "ab"],
      ["uuid", UUID, text("c", { stored: "uuid" }), UUID],
      ["mood", "glad", text("c", { stored: "enum" }), "glad"],
      ["bigint", MANY, text("c", { stored: "integer" }), MANY],
      ["smallint", "5", text("c", { stored: "integer" }), "5"],
    ],
    refused: [
      ["char(4)", "ab", text("c"), "ab"],
      ["char(4)", "glad", text("c", { stored: "enum" }), "glad"],
      ["text[]", "{ab}", text("c"), "{ab}"],
      ["mood[]", "{glad}", text("c", { stored: "enum" }), "{glad}"],
      ["text", UUID, text("c", { stored: "uuid" }), UUID],
      ["numeric", "1", text("c", { stored: "integer" }), "1"],
    ],
  },
  number: {
    known: [
      ["float8", "0.1", number("c"), 0.1],
      ["integer", "5", number("c"), 5],
      ["bigint", "5", number("c", { stored: "bigint" }), 5],
      ["numeric", "1.50", number("c", { stored: "numeric" }), 1.5],
    ],
    refused: [["real", "0.5", number("c"), 0.5]],
  },
  boolean: { known: [["boolean", "true", boolean("c"), true]], refused: [] },
  timestamp: {
    known: [["timestamptz", TIME, timestamp("c"), TIME]],
    refused: [
      ["timestamp", TIME, timestamp("c"), TIME],
      ["date", TIME, timestamp("c"), TIME],
    ],
  },
  list: {
    known: [
      ["text[]", "{ab}", list("text", "c"), "ab"],
      ["jsonb", '["ab"]', list("text", "c"), "ab"],
      ["json", "[5]", list("number", "c"), 5],
    ],
    refused: [
      ["uuid", UUID, list("text", "c"), "ab"],
      ["integer", "5", list("number", "c"), 5],
      ["text", '["ab"]', list("text", "c"), "ab"],
      ["varchar(9)", '["ab"]', list("text", "c"), "ab"],
    ],
    unknown: [["jsonb", '"ab"', list("text", "c"), "ab"]],
  },
};

const REFUSED = /\w+\(\).* of the table fits no column of type \w+/;
const call = (operator: string, ...operands: readonly RowExpression[]): RowExpression => ({ operator, operands });
const attribute: RowExpression = { name: "request.resource.attr.c" };

function sameAs({ type }: Column, value: string | number | boolean): RowExpression {
  if (type === "list") return call("in", { value }, attribute);
  return type === "timestamp"
    ? call("eq", call("timestamp", attribute), call("timestamp", { value }))
    : call("eq", attribute, { value });
}

describe(`a column of ${POSTGRES}`, () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
    await postgres.query("CREATE TYPE mood AS ENUM ('glad', 'sad')");
    await postgres.query(`CREATE TYPE "OrderStatus" AS ENUM ('PAID')`);
  }, PATIENCE);
  afterAll(() => postgres.close());

  /** What is said of a column of each of the three types: true, false or unknown. */
  async function truthsOf([type, written, column, seen]: Case): Promise<readonly string[]> {
    for (const statement of [
      "DROP TABLE IF EXISTS things",
      "DROP DOMAIN IF EXISTS inner_d, outer_d CASCADE",
      `CREATE DOMAIN inner_d AS ${type}`,
      "CREATE DOMAIN outer_d AS inner_d",
    ]) {
      await postgres.query(statement);
    }
    const things = table({ id: text(), columns: { c: column } });
    const truths: string[] = [];
    for (const one of [type, "inner_d", "outer_d"]) {
      await postgres.query(`CREATE TABLE things (id text, c ${one})`);
      await postgres.query("INSERT INTO things VALUES ('r1', $1)", [written]);
      const shows = async (expression: RowExpression): Promise<boolean> => {
        const condition = { expression, required: [], unknown: "sql" } as const;
        const { text: where, values } = toSql(condition, things, { dialect: "postgres" });
        const found = await postgres.query(`SELECT * FROM things WHERE ${where}`, values);
        // Memory may know more than SQL, which shows less then; never the other way round.
        expect(found.filter(toPredicate(condition, things))).toEqual(found);
        return found.length > 0;
      };
      const same = sameAs(column, seen);
      const truth = async () => ((await shows(same)) ? "true" : (await shows(call("not", same))) ? "false" : "unknown");
      const why = ({ message }: Error) => (REFUSED.test(message) ? "refused" : message);
      truths.push(await truth().catch(why));
      await postgres.query("DROP TABLE things");
    }
    return truths;
  }

  it.each(Object.entries(CASES))("of %s means the same within domains", async (_, { known, refused, unknown = [] }) => {
    for (const [truth, cases] of [
      ["true", known],
      ["refused", refused],
      ["unknown", unknown],
    ] as const) {
      for (const it of cases) expect([it[0], await truthsOf(it)]).toEqual([it[0], [truth, truth, truth]]);
    }
  });

  it.each(["jsonb", "json"])(
    "of %s is NULL where it holds the null that JSON has, as drivers give it",
    async (type) => {
      await postgres.query(`CREATE TABLE things (id text, c ${type})`);
      for (const [i, written] of [null, "null", " null ", "[]", '["null"]', '"null"'].entries()) {
        await postgres.query("INSERT INTO things VALUES ($1, $2)", [`r${i}`, written]);
      }
      const rows = await postgres.query("SELECT * FROM things ORDER BY id");
      const shown: string[] = [];
      for (const stands of ["absent", "null"] as const) {
        const things = table({ id: text(), columns: { c: list("text", { null: stands }) } });
        const isNull = call("eq", attribute, { value: null });
        for (const expression of [true, isNull, call("not", isNull), call("in", { value: "null" }, attribute)]) {
          for (const required of [[], ["c"]]) {
            const condition = { expression, required, unknown: "sql" } as const;
            const { text: where, values } = toSql(condition, things, { dialect: "postgres" });
            const found = await postgres.query(`SELECT * FROM things WHERE ${where} ORDER BY id`, values);
            expect(found).toEqual(rows.filter(toPredicate(condition, things)));
            shown.push(found.map(({ id }) => id).join());
          }
        }
      }
      await postgres.query("DROP TABLE things");
      expect(shown.slice(0, 2), "a required one is there").toEqual(["r0,r1,r2,r3,r4,r5", "r3,r4,r5"]);
      expect(shown).toContain("r0,r1,r2");
    },
  );

  it.each(["UTC", "Europe/London", "Asia/Kolkata", "America/St_Johns"])(
    "of times is read as the same times in a session of %s, in summer and in winter",
    async (zone) => {
      await postgres.query("DROP TABLE IF EXISTS things");
      await postgres.query("CREATE TABLE things (id text, c timestamptz)");
      const times = ["2026-01-15T10:00:00.5Z", "2026-07-15T10:00:00.123456Z"];
      for (const time of times) await postgres.query("INSERT INTO things VALUES ($1, $2)", [time, time]);
      await postgres.query(`SET timezone = '${zone}'`);
      const things = table({ id: text(), columns: { c: timestamp() } });
      for (const time of times) {
        const condition = { expression: sameAs(timestamp(), time), required: [], unknown: "sql" } as const;
        const { text: where, values } = toSql(condition, things, { dialect: "postgres" });
        const found = await postgres.query(`SELECT id, c::text FROM things WHERE ${where}`, values);
        const written = await postgres.query("SELECT id, to_json(c) #>> '{}' AS c FROM things");
        for (const rows of [found, written.filter(toPredicate(condition, things))]) {
          expect(rows.map((row) => things.resourceOf(row))).toEqual([{ id: time, attributes: { c: time } }]);
        }
      }
      await postgres.query("SET timezone = 'UTC'");
      await postgres.query("DROP TABLE things");
    },
  );

  /** Some types of the database, and which columns they fit. */
  const FITTING: { readonly [type: string]: readonly Column["type"][] } = {
    ...{ text: ["text"], integer: ["number"], boolean: ["boolean"], timestamptz: ["timestamp"], jsonb: ["list"] },
    ...{ uuid: [], date: [], inet: [], bytea: [], money: [], interval: [], int4range: [] },
    ...{ "text[]": ["list"], '"OrderStatus"': [], '"OrderStatus"[]': ["list"] },
  };
  const ASKED: { readonly [Type in Column["type"]]: readonly [Column, RowExpression] } = {
    text: [text("c"), sameAs(text(), "a")],
    number: [number("c"), sameAs(number(), 5)],
    boolean: [boolean("c"), attribute],
    timestamp: [timestamp("c"), sameAs(timestamp(), TIME)],
    list: [list("text", "c"), sameAs(list("text"), "a")],
  };

  it.each(Object.entries(ASKED))(
    "of another type is no %s: the error names it, and what to do",
    async (type, [column, expression]) => {
      const things = table({ id: text({ stored: "uuid" }), columns: { c: column } });
      for (const [other, fits] of Object.entries(FITTING)) {
        await postgres.query("DROP TABLE IF EXISTS things");
        await postgres.query(`CREATE TABLE things (id uuid, c ${other})`);
        await postgres.query("INSERT INTO things (id, c) VALUES ($1, NULL)", [UUID]);
        const filter: Filter = {
          ...{ kind: "thing", action: "view", plansSuffice: false, applied: undefined, fault: undefined },
          ...{ fail: () => {}, leaveOut: () => {}, check: async (rows) => rows.map(() => undefined) },
          take: () => ({ expression, required: [], unknown: "sql" }),
        };
        const found = visibleRows(filter, things, { dialect: "postgres" }, ({ text: where, values }) =>
          postgres.query(`SELECT * FROM things WHERE ${where}`, values),
        );
        const why = await found.then(
          () => "",
          ({ code, message }) => `${code} ${message}`,
        );
        const named = new RegExp(
          `^config_invalid .*(${type}\\(\\) of the table fits no column of type|says ${type}\\(\\) has another type, one of "c")`,
        );
        if ((fits as readonly string[]).includes(type)) expect([other, why]).toEqual([other, ""]);
        else expect(why, other).toMatch(named);
      }
    },
  );
});
