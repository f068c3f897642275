/**
 * Which rows a chain may see, on the real engine and on real databases: random policies, chains and rows. What is read by the
 * plans of all hops is held against a check of each row by each hop.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lintPolicies, type Pdp, startPdp } from "@hopwise/cerbos";
import { type RowCondition, toPredicate, toSql } from "@hopwise/filter";
import { expect, it } from "vitest";
import { expectMet, PATIENCE, report, runs, SEED, thousands } from "../law/random/runs.ts";
import { POSTGRES } from "../support/postgres.ts";
import { ran } from "../support/ran.ts";
import { allowed, joined, planned, type Resource } from "./ask.ts";
import { type Case, someCases, withSchemas, writePolicies } from "./policies.ts";
import { type Database, fillPostgres, fillSqlite, someRows, THINGS } from "./rows.ts";

const CASES = runs(120, 5000);
/** So many share one engine and one set of rows. */
const BATCH = 250;
const ROWS = runs(60, 120);

interface Scene {
  readonly pdp: Pdp;
  /** As policies see them; the places are those of the databases. */
  readonly rows: readonly Resource[];
  readonly databases: readonly Database[];
}

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
  return leaves.every(({ reads, takesNull, ofObjects }) =>
    reads.every((name) => {
      const value: unknown = (attributes as { readonly [name: string]: unknown })[name];
      if (value === undefined) return false;
      if (ofObjects.includes(name) && Array.isArray(value) && value.length > 0) return false;
      return takesNull || (value !== null && !(Array.isArray(value) && value.includes(null)));
    }),
  );
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
async function judge(one: Case, { pdp, rows, databases }: Scene, tally: Tally): Promise<readonly string[]> {
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

/** Asks the engine about all cases, and each database, in batches. */
async function askAll(
  cases: readonly Case[],
  ask: (one: Case, scene: Scene) => Promise<void>,
  before: (folder: string, batch: readonly Case[]) => Promise<unknown> = async () => {},
): Promise<void> {
  for (let at = 0; at < cases.length; at += BATCH) {
    const batch = cases.slice(at, at + BATCH);
    const folder = mkdtempSync(join(tmpdir(), "hopwise-filter-"));
    writePolicies(folder, batch);
    await before(folder, batch);
    const written = someRows(ROWS, SEED + at);
    const databases = [await fillPostgres(written), await fillSqlite(written)].filter((it) => it !== undefined);
    const pdp = await startPdp({ policies: folder });
    try {
      const [rows = [], ...others] = databases.map((it) => it.rows.map((row) => THINGS.resourceOf(row)));
      for (const other of others) expect(other).toEqual(rows);
      for (const one of batch) await ask(one, { pdp, rows, databases });
    } finally {
      await pdp.close();
      for (const database of databases) await database.close();
      rmSync(folder, { recursive: true });
    }
  }
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
    await askAll(someCases(CASES, SEED), async (one, scene) => void wrong.push(...(await judge(one, scene, tally))));
    const { reasons, ...counts } = tally;
    const share = Math.round((100 * tally.refused) / tally.prefixes);
    report("rows by filter", [
      `${Object.entries(counts)
        .map(([name, count]) => `${name} ${thousands(count)}`)
        .join(", ")}; ${share} % refused`,
      ...[...reasons].map(([reason, { times, example }]) => `${times} × ${reason} (${example})`),
    ]);
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(tally.shown).toBeGreaterThan(tally.prefixes);
    expect(tally.exact).toBeGreaterThan(tally.prefixes);
    expect(share).toBeLessThan(30);
  },
  PATIENCE,
);

it(
  "shows by plans alone no row that a check denies, where the lint finds no fault with the policies",
  async () => {
    const counts = { sound: 0, unsound: 0, refused: 0, shown: 0, allowed: 0, faultsNamed: 0 };
    const wrong: string[] = [];
    const named = new Set<string>();
    const lint = async (folder: string, batch: readonly Case[]): Promise<void> => {
      const tools = batch.map(({ kind, required }) => [
        kind,
        { kind, action: "view", filter: { plansSuffice: true, required } },
      ]);
      const warnings = await lintPolicies(folder, { tools: Object.fromEntries(tools), delegation: "grants-only" });
      named.clear();
      for (const { code, message } of warnings) {
        if (code === "plans_do_not_suffice") named.add(/tool map's "(\w+)"/.exec(message)?.[1] ?? "");
      }
    };
    const ask = async (one: Case, { pdp, rows, databases }: Scene): Promise<void> => {
      const isSound = !named.has(one.kind);
      isSound ? counts.sound++ : counts.unsound++;
      const plans = await Promise.all(one.chain.map((hop) => planned(pdp.client, hop, one.kind)));
      const expression = joined(plans);
      if (typeof expression === "object" && "refused" in expression) return void counts.refused++;
      const shown = await shownBy({ expression, required: one.required, unknown: "weak" }, databases);
      if (typeof shown === "string") return void counts.refused++;
      const checks = await Promise.all(one.chain.map((hop) => allowed(pdp.client, hop, one.kind, rows)));
      const may = new Set([...rows.keys()].filter((place) => checks.every((answers) => answers[place])));
      const over = shown.filter((place) => !may.has(place));
      if (!isSound) {
        counts.faultsNamed += over.length;
        return;
      }
      counts.shown += shown.length;
      counts.allowed += may.size;
      if (over.length === 0) return;
      const about = { leaves: one.leaves.map(({ expr }) => expr), required: one.required, chain: one.chain, plans };
      wrong.push(
        `[${one.shape}] ${over.length} rows, such as ${JSON.stringify(rows[over[0] as number])}: ${JSON.stringify(about)}`,
      );
    };
    await askAll(someCases(CASES, SEED + 1).map(withSchemas), ask, lint);
    report("rows by plans alone", [
      Object.entries(counts)
        .map(([name, count]) => `${name} ${thousands(count)}`)
        .join(", "),
    ]);
    expect(wrong.slice(0, 10)).toEqual([]);
    expectMet("sound", counts.sound, CASES * 0.6);
    expectMet("shown", counts.shown, CASES * 13);
  },
  PATIENCE,
);
