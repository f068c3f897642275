/**
 * Measures speed and size, as ratios of one run, and prints them beside their goals.
 *
 * `node bench/main.ts [--json FILE]`
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { serializeCompact } from "@hopwise/core/tokens";
import { measureAudit } from "./audit.ts";
import { measureAuthorize } from "./authorize.ts";
import { measureFilter } from "./filter.ts";
import { measureGrant } from "./grant.ts";
import { measureLists } from "./lists.ts";
import { measureMcp } from "./mcp.ts";
import { measureRevocationCheck } from "./revocation.ts";
import { measureRivals } from "./rivals.ts";
import { measureState } from "./state.ts";
import { measureThroughput } from "./throughput.ts";
import { chainBytes, measureCold, measureCompact, measureWarm } from "./verify.ts";

/** The most that a key may be. Keys without a goal are printed to put the ratios into proportion. */
const GOALS: { readonly [key: string]: number } = {
  authorize3_over_raw3: 1.2,
  authorize3_wire_over_raw3: 1.4,
  authorize3_over_raw1: 2,
  list50_over_raw1: 4,
  list50_over_raw3: 1.4,
  list50_kinds_over_raw1: 15,
  list50_over_nplus1: 0.1,
  mcp_guarded_over_sum: 1.08,
  mcp_guarded_over_sum_stateless: 1.12,
  mcp_guarded_over_sum_stdio: 1.15,
  resilient1_over_raw1: 1.05,
  filter3_over_plan3: 1.2,
  filter_rows_over_checks: 0.02,
  verify_cold_n1: 1.6,
  verify_cold_n3: 1.6,
  verify_cold_n8: 1.6,
  verify_cold_n16: 1.6,
  verify_cold_n3_compact: 1.05,
  verify_warm_us: 10,
  bytes_2: 1700,
  bytes_3: 2600,
  bytes_3_compact: 1200,
  grant10_us: 3,
  revocation_check_us: 1,
  redis_over_memory: 1.08,
  sqlite_over_memory: 1.08,
  budget_over_plain: 1.15,
  verify3_over_biscuit3: 1.5,
};

/** The least that a key may be. */
const LEAST: { readonly [key: string]: number } = {
  audit_records_s: 20_000,
  audit_durable_throughput: 0.8,
  throughput64: 3,
  throughput64_wire: 2.5,
  mcp_calls_s_over_checks: 0.8,
};

const { values } = parseArgs({ options: { json: { type: "string" } } });
const results = await measureAll();
printTable(results);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);

async function measureAll(): Promise<{ readonly [key: string]: number }> {
  const authorize = await measureAuthorize();
  const cold = await measureCold();
  const results: { [key: string]: number } = {
    authorize3_over_raw3: authorize.sessionOverRaw3,
    authorize3_wire_over_raw3: authorize.wireOverRaw3,
    authorize3_over_raw1: authorize.sessionOverRaw1,
    resilient1_over_raw1: authorize.resilient1OverRaw1,
  };
  const http = await measureMcp("http");
  const stateless = await measureMcp("stateless");
  const stdio = await measureMcp("stdio");
  results["mcp_guarded_over_sum"] = http.overSum;
  results["mcp_guarded_over_sum_stateless"] = stateless.overSum;
  results["mcp_guarded_over_sum_stdio"] = stdio.overSum;
  const lists = await measureLists();
  results["list50_over_raw1"] = lists.namesOverRaw1;
  results["list50_over_raw3"] = lists.namesOverRaw3;
  results["list50_kinds_over_raw1"] = lists.kindsOverRaw1;
  results["list50_over_nplus1"] = lists.namesOverNplus1;
  const filter = await measureFilter();
  results["filter3_over_plan3"] = filter.filterOverPlan3;
  results["filter3_over_messages"] = filter.filterOverMessages;
  results["filter_rows_over_checks"] = filter.rowsOverChecks;
  results["filter_rechecked_over_checks"] = filter.recheckedOverChecks;
  for (const { tokens, ratio } of cold) results[`verify_cold_n${tokens}`] = ratio;
  results["verify_cold_n3_compact"] = await measureCompact();
  results["verify_warm_us"] = await measureWarm();
  for (const tokens of [2, 3]) results[`bytes_${tokens}`] = await chainBytes(tokens);
  results["bytes_3_compact"] = await chainBytes(3, serializeCompact);
  results["grant10_us"] = await measureGrant();
  results["revocation_check_us"] = await measureRevocationCheck();
  const state = await measureState();
  if (state !== undefined) {
    results["redis_over_memory"] = state.redisOverMemory;
    results["sqlite_over_memory"] = state.sqliteOverMemory;
    results["budget_over_plain"] = state.budgetOverPlain;
    for (const [store, microseconds] of Object.entries(state.microseconds)) results[`wire3_${store}_us`] = microseconds;
  }
  const rivals = await measureRivals();
  results["verify3_over_biscuit3"] = rivals.overBiscuit;
  results["verify3_over_ucan3"] = rivals.overUcan;
  Object.assign(results, await measureAudit());
  Object.assign(results, await measureThroughput());
  const { session, wire, raw3, raw1 } = authorize.microseconds;
  results["raw3_over_raw1"] = authorize.raw3OverRaw1;
  Object.assign(results, { authorize3_us: session, authorize3_wire_us: wire, raw3_us: raw3, raw1_us: raw1 });
  results["list50_kinds_whole_over_raw1"] = lists.wholeOverRaw1;
  results["list50_kinds_over_nplus1"] = lists.kindsOverNplus1;
  results["list50_plans_over_nplus1"] = lists.plansOverNplus1;
  for (const [name, microseconds] of Object.entries(lists.microseconds)) results[`list50_${name}_us`] = microseconds;
  for (const [wire, { microseconds }] of Object.entries({ http, stateless, stdio })) {
    for (const part of ["guarded", "bare"] as const) results[`mcp_${wire}_${part}_us`] = microseconds[part];
  }
  for (const { tokens, chainMicroseconds } of cold) results[`verify_cold_n${tokens}_us`] = chainMicroseconds;
  const { hopwise, biscuit, ucan } = rivals.microseconds;
  Object.assign(results, { verify3_us: hopwise, biscuit3_us: biscuit, ucan3_us: ucan });
  return Object.fromEntries(Object.entries(results).map(([key, value]) => [key, Math.round(value * 1000) / 1000]));
}

function printTable(results: { readonly [key: string]: number }): void {
  console.log(`Node ${process.versions.node}, p50 values; ratios are of one run, measured in turns\n`);
  for (const [key, value] of Object.entries(results)) {
    console.log(`${key.padEnd(26)} ${String(value).padStart(10)}   ${verdictOn(key, value)}`.trimEnd());
  }
}

function verdictOn(key: string, value: number): string {
  const [most, least] = [GOALS[key], LEAST[key]];
  if (most !== undefined) return `goal ≤ ${most}`.padEnd(14) + (value <= most ? "met" : "NOT MET");
  if (least !== undefined) return `goal ≥ ${least}`.padEnd(14) + (value >= least ? "met" : "NOT MET");
  return "";
}
