/**
 * Which rows a chain may see, on the real engine and on real databases: random policies, chains and rows. What is read by the
 * plans of all hops is held against a check of each row by each hop.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import { type RowCondition, toPredicate, toSql } from "@hopwise/filter";
import { expect, it } from "vitest";
import { PATIENCE, report, runs, SEED, thousands } from "../law/random/runs.ts";
import { POSTGRES } from "../support/postgres.ts";
import { ran } from "../support/ran.ts";
import { allowed, joined, planned, type Resource } from "./ask.ts";
import { type Case, someCases } from "./policies.ts";
import { type Database, fillPostgres, fillSqlite, someRows, THINGS } from "./rows.ts";

const CASES = runs(120, 5000);
/** So many share one engine and one set of rows. */
const BATCH = 250;
const ROWS = runs(60, 120);

interface Tally {
  cases: number;
  prefixes: number;
  refused: number;
  shown: number;
  allowed: number;
  leftOut: number;
  exact: number;
  readonly reasons: Map<string, { readonly times: number; readonly example: string }>;
}

/** Which rows each output shows. @returns the reason where the condition is refused */
async function shownBy(condition: RowCondition, databases: readonly Database[]): Promise<readonly number[] | string> {
  try {
    const each = await Promise.all(
      databases.map(async (database) => {
        const { text, values } = toSql(condition, THINGS, { dialect: database.dialect, from: "i" });
        const predicate = toPredicate(condition, THINGS);
        const inMemory = database.rows.flatMap((row, place) => (predicate(row) ? [place] : []));
        const inDatabase = await database.shown(text, values);
        expect([database.dialect, inDatabase]).toEqual([database.dialect, inMemory]);
        return inDatabase;
      }),
    );
    for (const one of each) expect(one).toEqual(each[0]);
    return each[0] as readonly number[];
  } catch (fault) {
    if ((fault as { code?: unknown }).code === "filter_unsupported") return (fault as Error).message;
    throw fault;
  }
}

/** Whether each thing that the rules read is there, and such that no leaf fails on it. */
function isDefinite({ leaves }: Case, { attributes }: Resource): boolean {
  return leaves.every(({ reads, takesNull }) =>
    reads.every((name) => {
      const value: unknown = (attributes as { readonly [name: string]: unknown })[name];
      if (value === undefined) return false;
      return takesNull || (value !== null && !(Array.isArray(value) && value.includes(null)));
    }),
  );
}

function writePolicies(folder: string, cases: readonly Case[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { kind, documents } of cases) {
    for (const [i, document] of documents.entries()) {
      const content = { apiVersion: "api.cerbos.dev/v1", ...document };
      writeFileSync(join(folder, `${kind}_${i}.json`), JSON.stringify(content));
    }
  }
}

function refuse(why: string, { leaves, shape }: Case, tally: Tally): void {
  tally.refused++;
  const reason = why.replace(/"[^"]*"/g, "…");
  const { times = 0, example } = tally.reasons.get(reason) ?? {};
  tally.reasons.set(reason, {
    times: times + 1,
    example: example ?? `${shape}: ${leaves.map(({ expr }) => expr).join(" ; ")}`,
  });
}

/** What is wrong with one chain of one kind, in words. */
async function judge(
  pdp: Pdp,
  one: Case,
  rows: readonly Resource[],
  databases: readonly Database[],
  tally: Tally,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const { client } = pdp;
  const plans = await Promise.all(one.chain.map((hop) => planned(client, hop, one.kind)));
  const checks = await Promise.all(one.chain.map((hop) => allowed(client, hop, one.kind, rows)));
  let before = new Set(rows.keys());
  for (const [hop] of one.chain.entries()) {
    const say = (law: string, places: readonly number[]): void => {
      if (places.length === 0) return;
      const row = rows[places[0] as number];
      const about = {
        leaves: one.leaves.map(({ expr }) => expr),
        chain: one.chain.slice(0, hop + 1),
        plan: plans[hop],
      };
      wrong.push(
        `${law} [${one.shape}] ${places.length} rows, such as ${JSON.stringify(row)}: ${JSON.stringify(about)}`,
      );
    };
    tally.prefixes++;
    ran("chains asked which rows they may see");
    const expression = joined(plans.slice(0, hop + 1));
    if (typeof expression === "object" && "refused" in expression) {
      refuse(expression.refused, one, tally);
      break; // and so is every longer chain
    }
    const sql = await shownBy({ expression, required: [], unknown: "sql" }, databases);
    const weak = await shownBy({ expression, required: [], unknown: "weak" }, databases);
    if (typeof sql === "string" || typeof weak === "string") {
      expect(sql).toBe(weak);
      refuse(String(sql), one, tally);
      break;
    }
    const may = new Set(
      [...rows.keys()].filter((place) => checks.slice(0, hop + 1).every((answers) => answers[place])),
    );
    const laws = one.lawsOf(hop);
    const definite = laws.exact ? [...rows.keys()].filter((place) => isDefinite(one, rows[place] as Resource)) : [];
    const [bySql, byWeak] = [new Set(sql), new Set(weak)];
    say(
      "differs by SQL",
      definite.filter((place) => bySql.has(place) !== may.has(place)),
    );
    say(
      "differs by weak logic",
      definite.filter((place) => byWeak.has(place) !== may.has(place)),
    );
    if (laws.lower)
      say(
        "weak logic shows what is denied",
        weak.filter((place) => !may.has(place)),
      );
    if (laws.upper)
      say(
        "SQL hides what is allowed",
        [...may].filter((place) => !bySql.has(place)),
      );
    say(
      "weak logic shows more than SQL",
      weak.filter((place) => !bySql.has(place)),
    );
    say(
      "a longer chain sees more",
      sql.filter((place) => !before.has(place)),
    );
    if (wrong.length > 0) break; // longer chains would say the same
    before = bySql;
    tally.shown += sql.length;
    tally.allowed += may.size;
    tally.leftOut += sql.filter((place) => !may.has(place)).length;
    tally.exact += definite.length;
  }
  tally.cases++;
  return wrong;
}

it(
  `shows by plans the rows that checks of each row allow, on ${POSTGRES}, SQLite and in memory`,
  async () => {
    const tally: Tally = {
      cases: 0,
      prefixes: 0,
      refused: 0,
      shown: 0,
      allowed: 0,
      leftOut: 0,
      exact: 0,
      reasons: new Map(),
    };
    const wrong: string[] = [];
    const cases = someCases(CASES, SEED);
    for (let at = 0; at < CASES; at += BATCH) {
      const batch = cases.slice(at, at + BATCH);
      const folder = mkdtempSync(join(tmpdir(), "hopwise-filter-"));
      writePolicies(folder, batch);
      const written = someRows(ROWS, SEED + at);
      const databases = [await fillPostgres(written), await fillSqlite(written)].filter((it) => it !== undefined);
      const pdp = await startPdp({ policies: folder });
      try {
        const [seen, ...others] = databases.map(({ rows }) => rows.map((row) => THINGS.resourceOf(row)));
        for (const other of others) expect(other).toEqual(seen);
        for (const one of batch) wrong.push(...(await judge(pdp, one, seen as readonly Resource[], databases, tally)));
      } finally {
        await pdp.close();
        for (const database of databases) await database.close();
        rmSync(folder, { recursive: true });
      }
    }
    const share = Math.round((100 * tally.refused) / tally.prefixes);
    const { reasons, ...counts } = tally;
    report("rows by filter", [
      `${Object.entries(counts)
        .map(([name, count]) => `${name} ${thousands(count)}`)
        .join(", ")}; ${share} % refused`,
      ...[...reasons].map(([reason, { times, example }]) => `${times} × ${reason} (${example})`),
    ]);
    expect(wrong.slice(0, Number(process.env["MOST"] ?? 10))).toEqual([]);
    expect(tally.shown).toBeGreaterThan(tally.prefixes);
    expect(tally.exact).toBeGreaterThan(tally.prefixes);
    expect(share).toBeLessThan(40);
  },
  PATIENCE,
);
