/** What someone could try who writes rows, attributes of a user, or names: on the real engine and on real databases. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlanResourcesResponse, Value } from "@cerbos/core";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { Allowed } from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import { createCompany } from "@hopwise/core/testing";
import {
  boolean,
  number,
  type RowCondition,
  type Table,
  table,
  text,
  toPredicate,
  toSql,
  visibleRows,
} from "@hopwise/filter";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { POSTGRES, type Postgres, startPostgres } from "../support/postgres.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// PGlite takes its time to start.
vi.setConfig({ testTimeout: 120_000 });

const EVIL = `'; DROP TABLE things; --`;
const QUOTES = `x" OR "1"="1`;
const EVIL_NAMES = [EVIL, QUOTES, "`; DROP TABLE things; --", "a\\", "$1", "?", "a.b", 'id" IS NOT NULL OR "id'];

type Attributes = Record<string, Value>;
/** What the plan of one of the rules says, for a principal with these attributes. */
type Conditions = (expr: string, attr?: Attributes) => Promise<RowCondition>;

/** A decision point with a kind for each rule. */
async function conditionsOf(exprs: readonly string[]): Promise<Conditions> {
  const kinds = new Map(exprs.map((expr, i) => [expr, `thing${i}`]));
  const policies = [...kinds].map(([expr, resource]) => {
    const rules = [{ actions: ["view"], effect: "EFFECT_ALLOW", roles: ["*"], condition: { match: { expr } } }];
    return [`${resource}.json`, { resourcePolicy: { resource, version: "default", rules } }] as const;
  });
  const pdp = await pdpWith(Object.fromEntries(policies));
  return async (expr, attr = {}) => {
    const planned = await plan(pdp, kinds.get(expr) as string, attr);
    const always = planned.kind === "KIND_ALWAYS_ALLOWED";
    const expression = "condition" in planned ? JSON.parse(JSON.stringify(planned.condition)) : always;
    return { expression, required: [], unknown: "sql" };
  };
}

async function pdpWith(policies: { readonly [file: string]: object }, schemas: object = {}): Promise<Pdp> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "_schemas"));
  for (const [file, policy] of Object.entries(policies)) {
    writeFileSync(join(folder, file), JSON.stringify({ apiVersion: "api.cerbos.dev/v1", ...policy }));
  }
  for (const [file, schema] of Object.entries(schemas)) {
    writeFileSync(join(folder, "_schemas", file), JSON.stringify(schema));
  }
  const pdp = await startPdp({ policies: folder });
  onTestFinished(() => pdp.close());
  return pdp;
}

function plan({ client }: Pdp, kind: string, attr: Attributes): Promise<PlanResourcesResponse> {
  return client.planResources({ principal: { id: "ann", roles: ["user"], attr }, resource: { kind }, action: "view" });
}

interface Db {
  readonly dialect: "postgres" | "sqlite";
  run(statement: string, values?: readonly unknown[]): Promise<readonly { readonly [column: string]: unknown }[]>;
}

async function postgres(): Promise<Db> {
  const database: Postgres = await startPostgres();
  onTestFinished(() => database.close());
  return { dialect: "postgres", run: database.query };
}

async function sqlite(): Promise<Db | undefined> {
  const module = await import("node:sqlite").catch(() => undefined);
  if (module === undefined) return undefined;
  const database = new module.DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  return {
    dialect: "sqlite",
    run: async (statement, values = []) => database.prepare(statement).all(...(values as never[])),
  };
}

/** Both databases, with one table of texts: the id, and one column for each name. */
async function filled(columns: readonly string[], rows: readonly (readonly string[])[]): Promise<readonly Db[]> {
  const databases = [await postgres(), await sqlite()].filter((it) => it !== undefined);
  for (const { dialect, run } of databases) {
    const quoted = ["id", ...columns].map((name) => `"${name.replaceAll('"', '""')}"`);
    await run(`CREATE TABLE things (${quoted.map((name) => `${name} text`).join(", ")})`);
    for (const row of rows) {
      const places = row.map((_, i) => (dialect === "postgres" ? `$${i + 1}` : "?"));
      await run(`INSERT INTO things VALUES (${places.join(", ")})`, row);
    }
  }
  return databases;
}

/** The ids of the rows that a condition shows, the same ones everywhere; and what was written for each database. */
async function shown(condition: RowCondition, things: Table, databases: readonly Db[]) {
  const texts: string[] = [];
  let ids: readonly unknown[] | undefined;
  for (const { dialect, run } of databases) {
    const { text: where, values } = toSql(condition, things, { dialect });
    texts.push(where);
    const found = (await run(`SELECT * FROM things WHERE ${where} ORDER BY id`, values)).map(({ id }) => id);
    const all = await run("SELECT * FROM things ORDER BY id");
    expect(found).toEqual(all.filter(toPredicate(condition, things)).map(({ id }) => id));
    if (ids !== undefined) expect(found).toEqual(ids);
    ids = found;
  }
  return { ids, texts };
}

describe(`text that looks like SQL (${POSTGRES}, SQLite, in memory)`, () => {
  const things = table({ id: text(), columns: { a: text({ null: "absent" }) } });
  const values = [EVIL, QUOTES, "%", "_", "a\\", "'", '"', "NULL", "$1", "?", "plain"];
  const rows = values.map((value, i) => [`r${String(i).padStart(2, "0")}`, value]);

  it("is a value as any other: in a policy, in an attribute of the principal, and in a row", async () => {
    const databases = await filled(["a"], rows);
    const forms = [
      (it: string) => `R.attr.a == ${it}`,
      (it: string) => `R.attr.a in [${it}, "no such"]`,
      (it: string) => `R.attr.a.startsWith(${it}) && R.attr.a.endsWith(${it}) && R.attr.a.contains(${it})`,
    ];
    const literal = JSON.stringify(EVIL);
    const conditionOf = await conditionsOf(forms.flatMap((form) => [form("P.attr.it"), form(literal)]));
    for (const form of forms) {
      for (const [i, value] of values.entries()) {
        const condition = await conditionOf(form("P.attr.it"), { it: value });
        const { ids, texts } = await shown(condition, things, databases);
        expect([value, ids]).toEqual([value, [rows[i]?.[0]]]);
        for (const text of texts) if (value.length > 2 && value !== "NULL") expect(text).not.toContain(value);
      }
      const { ids, texts } = await shown(await conditionOf(form(literal)), things, databases);
      expect(ids).toEqual(["r00"]);
      for (const text of texts) expect(text).not.toContain("DROP");
    }
  });

  it("is a name as any other, of an attribute and of a column; and refused where nothing is mapped", async () => {
    const databases = await filled(EVIL_NAMES, [
      ["r1", ...EVIL_NAMES.map(() => "yes")],
      ["r2", ...EVIL_NAMES.map(() => "no")],
    ]);
    const exprOf = (name: string): string => `R.attr[${JSON.stringify(name)}] == "yes"`;
    const conditionOf = await conditionsOf(EVIL_NAMES.map(exprOf));
    for (const name of EVIL_NAMES) {
      const condition = await conditionOf(exprOf(name));
      const mapped = table({ id: text(), columns: { [name]: text(name) } });
      expect([name, (await shown(condition, mapped, databases)).ids]).toEqual([name, ["r1"]]);
      expect(() => toSql(condition, things, { dialect: "postgres" })).toThrow(
        expect.objectContaining({ code: "filter_unsupported" }),
      );
      expect(() => toPredicate(condition, things)).toThrow(expect.objectContaining({ code: "filter_unsupported" }));
    }
    for (const { run } of databases) expect(await run("SELECT id FROM things")).toHaveLength(2);
  });

  it("and an attribute that every object has is none of the table", async () => {
    const exprs = ["constructor", "__proto__", "toString"].map((it) => `R.attr["${it}"] == "a" || R.attr.a == "b"`);
    const conditionOf = await conditionsOf(exprs);
    for (const expr of exprs) {
      const condition = await conditionOf(expr);
      expect(() => toPredicate(condition, things)).toThrow(expect.objectContaining({ code: "filter_unsupported" }));
    }
  });
});

describe("a column that the database does not have", () => {
  const things = table({ id: text(), columns: { gone: text({ null: "absent" }), n: number(), b: boolean() } });

  it("is an error of the query, and no row in memory", async () => {
    const exprs = ['R.attr.gone == "gone"', 'R.attr.gone != "a"', "!(R.attr.n < 1.0)", "!R.attr.b"];
    const conditionOf = await conditionsOf(exprs);
    const databases = await filled(["a"], [["r1", "x"]]);
    for (const expr of exprs) {
      const condition = await conditionOf(expr);
      for (const { dialect, run } of databases) {
        const { text: where, values } = toSql(condition, things, { dialect });
        await expect(run(`SELECT id FROM things WHERE ${where}`, values)).rejects.toThrow(/column/);
      }
      expect([{ id: "r1", a: "x" }].filter(toPredicate(condition, things))).toEqual([]);
    }
    expect(() => things.resourceOf({ id: "r1", a: "x" })).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});

describe("attributes of the principal", () => {
  const things = table({ id: text(), columns: { a: text() } });
  const SECRET = "an attribute that nobody may see";

  it("never become a condition, nor part of an error", async () => {
    const exprs = [
      'P.attr.gone == "z" || R.attr.a == "x"',
      'R.attr.a == "x" ? P.attr.secret == "y" : R.attr.a == "z"',
      'R.attr[P.attr.secret] == "x"',
      '!(P.attr.map[R.id] == "x")',
    ];
    const conditionOf = await conditionsOf(exprs);
    for (const expr of exprs) {
      const condition = await conditionOf(expr, { secret: SECRET, map: { r1: SECRET, r2: "x" } });
      expect([expr, typeof condition.expression]).toEqual([expr, "object"]);
      for (const translate of [
        () => toSql(condition, things, { dialect: "sqlite" }),
        () => toPredicate(condition, things),
      ]) {
        let fault: unknown;
        try {
          translate();
        } catch (thrown) {
          fault = thrown;
        }
        expect([expr, fault]).toMatchObject([expr, { code: "filter_unsupported" }]);
        const { message, stack } = fault as Error;
        expect(`${message}${stack}${JSON.stringify(fault)}`).not.toContain(SECRET);
      }
    }
  });

  it("that do not fit their schema are an error, and no empty list", async () => {
    const { rules, ask } = await company({ level: "high" });
    const schemas = { principalSchema: { ref: "cerbos:///hop.json" } };
    const pdp = await pdpWith(
      { "thing.json": { resourcePolicy: { resource: "thing", version: "default", rules, schemas } } },
      { "hop.json": { type: "object", properties: { level: { type: "number" } } } },
    );
    const { kind, validationErrors } = await plan(pdp, "thing", { level: "high" });
    expect([kind, validationErrors.length]).toEqual(["KIND_ALWAYS_DENIED", 1]);
    expect(await ask(pdp)).toMatchObject({ outcome: "denied", code: "policy_inconclusive" });
  });
});

describe("a DENY of a principal policy that depends on no row", () => {
  it("is missed by plans, and the second check leaves the rows out", async () => {
    const { rules, ask } = await company({});
    const denied = { resource: "thing", actions: [{ action: "view", effect: "EFFECT_DENY" }] };
    const pdp = await pdpWith({
      "thing.json": { resourcePolicy: { resource: "thing", version: "default", rules } },
      "ann.json": { principalPolicy: { principal: "ann", version: "default", rules: [denied] } },
    });
    expect(await plan(pdp, "thing", {})).toMatchObject({ kind: "KIND_ALWAYS_ALLOWED" });
    const decision = await ask(pdp);
    expect(decision).toMatchObject({ outcome: "allowed" });
    const { filter } = decision as Allowed;
    const things = table({ id: text(), columns: { a: text() } });
    const rows = ["r1", "r2"].map((id) => ({ id, a: "x" }));
    const read: object[] = [];
    const shown = await visibleRows(filter, things, { dialect: "memory" }, (where) => {
      read.push(...rows.filter(where));
      return rows.filter(where);
    });
    expect([read.length, shown, filter?.applied]).toEqual([2, [], { rows: 0, leftOut: 2 }]);
  });
});

/** Ann, who views things: all who are asked may, as far as the kind's own policy goes. */
async function company(attributes: JsonObject) {
  const tools = { view_things: { kind: "thing", action: "view", filter: {} } };
  const made = await createCompany({ users: { ann: { roles: ["user"], attributes } }, tools });
  const held = await made.chain("ann", "planner");
  return {
    rules: [{ actions: ["view"], effect: "EFFECT_ALLOW", roles: ["*"] }],
    ask: async (pdp: Pdp) => {
      const authorizer = made.authorizer({ cerbos: pdp.client, delegation: "grants-only" });
      return (await authorizer.openSession(held)).filter({ tool: "view_things", arguments: {} });
    },
  };
}
