/** Rows that cannot be asked about, and rows that a grant asks to have an attribute: on the real engine, in each way to read. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { Allowed, ToolMap } from "@hopwise/core";
import type { Filter, Row } from "@hopwise/core/filter";
import {
  any,
  type Constraint,
  exact,
  grant,
  noArguments,
  optional,
  type ToolGrantInput,
  wildcard,
} from "@hopwise/core/grant";
import { createCompany } from "@hopwise/core/testing";
import {
  boolean,
  list,
  number,
  type SqlCondition,
  type Table,
  table,
  text,
  timestamp,
  toSql,
  visibleRows,
} from "@hopwise/filter";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { POSTGRES, type Postgres, startPostgres } from "../support/postgres.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// PGlite takes its time to start.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const POLICIES = temporaryFolder(afterAll);
let pdp: Pdp;
beforeAll(async () => {
  const condition = { match: { expr: 'R.attr.region == "EMEA"' } };
  const allowed = { effect: "EFFECT_ALLOW", roles: ["*"], condition };
  const owing = (action: string, redact: string) => {
    return { ...allowed, actions: [action], output: { when: { ruleActivated: `{"redact": ${redact}}` } } };
  };
  const rules = [
    { ...allowed, actions: ["read"] },
    owing("read_within", '["/nested/x"]'),
    // Made of the row.
    owing("read_named", "R.attr.body == '' ? [] : [R.attr.body]"),
  ];
  const policy = { resourcePolicy: { resource: "doc", version: "default", rules } };
  writeFileSync(join(POLICIES, "doc.json"), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...policy }));
  pdp = await startPdp({ policies: POLICIES });
});
afterAll(() => pdp.close());

type Rule = NonNullable<ToolMap[string]["filter"]>;

/** An allowed search, under a grant where one is given. */
async function search(filter: Rule = {}, handed?: ToolGrantInput, action = "read") {
  const tools = { search: { kind: "doc", action, filter: { withinMs: 60_000, ...filter } } };
  const company = await createCompany({ tools });
  const held = await company.chain(
    "alice",
    handed === undefined ? "planner" : { to: "planner", grant: grant({ search: handed }) },
  );
  const authorizer = company.authorizer({ cerbos: pdp, delegation: "grants-only", deadlineMs: 20_000 });
  const session = await authorizer.openSession(held);
  const decision = await session.filter({ tool: "search", arguments: {} });
  expect(decision).toMatchObject({ outcome: "allowed" });
  const allowed = decision as Allowed;
  return { filter: allowed.filter as Filter, allowed, authorizer };
}

const DOCS = table({
  id: text(),
  columns: {
    region: text(),
    body: text({ null: "absent" }),
    n: number({ null: "absent" }),
    nums: list("number", { null: "absent" }),
  },
});
const OK = { id: "ok", region: "EMEA", body: "x", n: 1, nums: [1] };

const LARGE: readonly [string, object][] = [
  ["a text of 500,000 characters", { body: "x".repeat(500_000) }],
  ["a list of 300,000 numbers", { nums: Array(300_000).fill(1) }],
  ["an id of 5,000,000 characters", { id: "x".repeat(5_000_000) }],
  ["2^53", { n: 2 ** 53 }],
];

describe.each([false, true])("a row that is more than a question holds (plansSuffice: %s)", (plansSuffice) => {
  it.each(LARGE)(
    "ends no search: %s is left out, and the record has how many were, and nothing of them",
    async (_, cells) => {
      const row = { ...OK, id: "large", ...cells };
      const { filter, allowed, authorizer } = await search({ plansSuffice });
      expect(await visibleRows(filter, DOCS, { dialect: "memory" }, () => [row, OK, row])).toEqual([OK]);
      await authorizer.report(allowed, { outcome: "returned", result: "1 row" });
      expect(authorizer.audit.outcomes).toMatchObject([{ rows: { shown: 1, leftOut: 2, tooLarge: 2 } }]);
      expect(JSON.stringify([authorizer.audit.outcomes, filter.fault]).length).toBeLessThan(1_000);

      const { filter: own } = await search({ plansSuffice });
      own.take();
      const { id, ...attributes } = row;
      const given: Row[] = [{ id, attributes }, DOCS.resourceOf(OK)];
      expect((await own.check(given)).map((it) => it !== undefined)).toEqual([false, true]);
      expect(own.applied).toEqual({ rows: 1, leftOut: 1, tooLarge: 1 });
    },
  );
});

const OWN = { ...OK, id: "own", body: "/n", nested: { x: "secret" } };
const UNCHANGEABLE: readonly [string, string, object, object][] = [
  ["read_within", "a text", { nested: "hello" }, { nested: { x: "[redacted]" } }],
  ["read_within", "half a character", { nested: { x: "\ud800" } }, { nested: { x: "[redacted]" } }],
  ["read_within", "a forbidden name", { nested: JSON.parse('{"__proto__":1}') }, { nested: { x: "[redacted]" } }],
  ["read_within", "2^60", { nested: { x: 2 ** 60 } }, { nested: { x: "[redacted]" } }],
  ["read_named", "no pointer", { body: "no pointer" }, { n: "[redacted]" }],
  ["read_named", "an output that fails", { body: null }, { n: "[redacted]" }],
];

describe("a row that cannot be changed as policies oblige to", () => {
  it.each(UNCHANGEABLE)(
    "ends no search (%s, %s): it is left out, and the record says so",
    async (action, _, bad, done) => {
      const row = { ...OWN, id: "bad", ...bad };
      const { filter, allowed, authorizer } = await search({}, undefined, action);
      const found = await visibleRows(filter, DOCS, { dialect: "memory" }, () => [row, OWN, row]);
      expect(found).toEqual([{ ...OWN, ...done }]);
      await authorizer.report(allowed, { outcome: "returned", result: "1 row" });
      expect(authorizer.audit.outcomes).toMatchObject([{ rows: { shown: 1, leftOut: 2, unfulfilled: 2 } }]);
    },
  );

  it.each(UNCHANGEABLE)("is no empty list where it is all that was found (%s, %s)", async (action, _, bad) => {
    const { filter, allowed, authorizer } = await search({}, undefined, action);
    const code = action === "read_named" ? "policy_inconclusive" : "result_withheld";
    const reading = visibleRows(filter, DOCS, { dialect: "memory" }, () => [{ ...OWN, ...bad }]);
    await expect(reading).rejects.toMatchObject({ code });
    await authorizer.report(allowed, { outcome: "failed" });
    expect(authorizer.audit.outcomes).toMatchObject([{ code }]);
  });
});

it("rows that each fit are asked about, however many bytes they are together", async () => {
  const { filter } = await search();
  const rows = Array.from({ length: 12 }, (_, i) => ({ ...OK, id: `r${i}`, nums: Array(120_000).fill(1) }));
  expect(await visibleRows(filter, DOCS, { dialect: "memory" }, () => rows)).toHaveLength(12);
});

describe(`what ${POSTGRES} gives by its driver's defaults`, () => {
  let database: Postgres;
  beforeAll(async () => {
    database = await startPostgres();
    await database.query(
      "CREATE TABLE doc (id text, region text, amount numeric(10, 2), big bigint, made timestamptz(3))",
    );
    const row = "'EMEA', 10.50, 5, '2026-01-01T00:00:00Z'";
    await database.query(`INSERT INTO doc VALUES ('1', ${row}), ('2', ${row})`);
  });
  afterAll(() => database.close());

  const columns = (more: Parameters<typeof table>[0]["columns"]): Table =>
    table({ id: text(), columns: { region: text(), ...more } });
  const readAs = async (own: Table, change: (row: { readonly made: string }) => object = (row) => row) => {
    const { filter } = await search();
    return visibleRows(filter, own, { dialect: "postgres" }, async ({ text: where, values }: SqlCondition) =>
      (await database.query(`SELECT * FROM doc WHERE ${where}`, values)).map((row) => change(row as never)),
    );
  };
  const asDate = (row: { readonly made: string }) => ({ ...row, made: new Date(row.made) });

  it.each<[string, Table, RegExp]>([
    ["numeric", columns({ amount: number() }), /"amount".*the table says number\(\), and a text came/],
    ["bigint", columns({ big: number() }), /"big".*the table says number\(\), and a text came/],
    ["timestamptz", columns({ made: timestamp() }), /"made".*the table says timestamp\(\), and a Date came/],
  ])("is named where no %s fits its column, and is no empty list", async (_, own, words) => {
    await expect(readAs(own, asDate)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(words),
    });
  });

  it("is counted where other rows are NULL there, and fit whatever the table says", async () => {
    await database.query("CREATE TABLE part (id text, region text, amount numeric(10, 2))");
    await database.query(
      "INSERT INTO part VALUES ('1', 'EMEA', NULL), ('2', 'EMEA', 5), ('3', 'EMEA', 6), ('4', 'AMER', 7)",
    );
    for (const [column, found, rows] of [
      [number({ null: "absent" }), ["1"], { shown: 1, leftOut: 2, unfit: 2 }],
      [number({ null: "absent", stored: "numeric" }), ["1", "2", "3"], { shown: 3, leftOut: 0 }],
    ] as const) {
      const { filter, allowed, authorizer } = await search();
      const shown = await visibleRows(
        filter,
        columns({ amount: column }),
        { dialect: "postgres" },
        ({ text: where, values }) => database.query(`SELECT * FROM part WHERE ${where} ORDER BY id`, values),
      );
      expect(shown.map((row) => row["id"])).toEqual(found);
      await authorizer.report(allowed, { outcome: "returned", result: shown });
      expect(authorizer.audit.outcomes.map((it) => it.rows)).toEqual([rows]);
    }
  });

  it("is named where the column is of a type that the table cannot say, in the outcome's record, too", async () => {
    await database.query("CREATE VIEW coded AS SELECT id, region::char(4) AS region FROM doc");
    for (const inWords of [(cause: Error) => cause, (cause: Error) => new Error("Failed query: secret", { cause })]) {
      const { filter, allowed, authorizer } = await search();
      const reading = visibleRows(filter, columns({}), { dialect: "postgres" }, ({ text: where, values }) =>
        database.query(`SELECT * FROM coded WHERE ${where}`, values).catch((cause) => {
          throw inWords(cause);
        }),
      );
      const message = expect.stringMatching(
        /text\(\) of the table fits no column of type character; cast it in a view/,
      );
      await expect(reading).rejects.toMatchObject({ code: "config_invalid", message });
      await authorizer.report(allowed, { outcome: "failed" });
      expect(authorizer.audit.outcomes).toMatchObject([{ code: "config_invalid", message }]);
    }
  });

  it("fits once the table says so", async () => {
    const said = columns({
      amount: number({ stored: "numeric" }),
      big: number({ stored: "bigint" }),
      made: timestamp({ milliseconds: true }),
    });
    expect(await readAs(said, asDate)).toHaveLength(2);
  });

  /** Every type of column, with each thing that NULL can stand for. */
  const THERE: readonly [string, string, Parameters<typeof table>[0]["columns"][string]][] = (
    ["absent", "null"] as const
  ).flatMap((absent): [string, string, Parameters<typeof table>[0]["columns"][string]][] => [
    [absent, "x text, 'a'", text({ null: absent })],
    [absent, "x float8, 1", number({ null: absent })],
    [absent, "x boolean, true", boolean({ null: absent })],
    [absent, "x timestamptz, '2026-01-01T00:00:00Z'", timestamp({ null: absent })],
    [absent, "x jsonb, '[\"a\"]'", list("text", { null: absent })],
  ]);

  it.each(THERE)(
    "lets pass what a wildcard asks for, the attribute to be there (%s, %s)",
    async (absent, typed, column) => {
      const [declared = "", value = ""] = typed.split(", ");
      const own = table({ id: text(), columns: { region: text(), x: column } });
      await database.query("DROP TABLE IF EXISTS thing");
      await database.query(`CREATE TABLE thing (id text, region text, ${declared})`);
      await database.query(`INSERT INTO thing VALUES ('has', 'EMEA', ${value}), ('has not', 'EMEA', NULL)`);
      const shown = absent === "null" ? ["has", "has not"] : ["has"];
      const constraints: readonly Constraint[] = [wildcard(), optional(wildcard()), any(exact(null), wildcard())];
      for (const plansSuffice of [false, true]) {
        for (const constraint of constraints) {
          const rule: Rule = { arguments: { x: "R.attr.x" }, plansSuffice };
          const { filter } = await search(rule, { x: constraint });
          const { text: where, values } = toSql(filter.take(), own, { dialect: "postgres" });
          const found = await database.query(`SELECT * FROM thing WHERE ${where}`, values);
          const checked = await filter.check(found.map((row) => own.resourceOf(row)));
          const ids = found.filter((_, i) => checked[i] !== undefined).map(({ id }) => String(id));
          expect(ids.sort(), JSON.stringify({ constraint, plansSuffice })).toEqual(shown);
          const memory = await search(rule, { x: constraint });
          const everything = await database.query("SELECT * FROM thing");
          const inMemory = await visibleRows(memory.filter, own, { dialect: "memory" }, (passes) =>
            everything.filter(passes),
          );
          expect(inMemory.map(({ id }) => String(id)).sort()).toEqual(shown);
        }
      }
    },
  );
});

it("a grant without arguments says nothing of a row", async () => {
  for (const ofRows of [{}, { q: null }, { q: "R.attr.region" }]) {
    const { filter } = await search({ arguments: ofRows }, noArguments);
    expect(await visibleRows(filter, DOCS, { dialect: "memory" }, (passes) => [OK].filter(passes))).toEqual([OK]);
  }
});
