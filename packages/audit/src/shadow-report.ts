import type { DecisionRecord } from "@hopwise/core/audit";
import { optionsOf, readerOf } from "@hopwise/core/options";
import { type AuditFilter, FILTER_ROWS } from "./filter.ts";
import { type AuditFolders, FOLDERS } from "./option-shapes.ts";
import { plain } from "./print-record.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { isList, readUnproven } from "./unproven-calls.ts";

/** Of which calls the report is. Everything that is given must hold. */
export type ShadowReportOptions = Pick<AuditFilter, "tool" | "since" | "until">;

/** What shadow mode let run, what would become of it where it is enforced, and what was refused all the same. */
export interface ShadowReport {
  /** By tool, in the order of their names. */
  readonly tools: readonly ShadowedTool[];
  /** Calls that would be denied, or were refused, of tools and codes beyond the first thousand. */
  readonly others: number;
  /**
   * When the first and the last of these calls were decided, ISO 8601; undefined where no call is on record. No record says since
   * when shadow mode is on: calls from before it, which were enforced, count as passed, unless `since` leaves them out.
   */
  readonly first?: string;
  readonly last?: string;
}

/** The calls of one tool. */
export interface ShadowedTool {
  readonly tool: string;
  /** Calls that ran, and would where everything is enforced. */
  readonly passed: number;
  /** By code, the most frequent first. */
  readonly denials: readonly ShadowedDenials[];
  /**
   * Calls that did not run, by code, the most frequent first: what shadow mode never lets run, such as a call of a user whom the
   * directory does not know. No record says of which tools shadow mode is on: calls of other tools are among them.
   */
  readonly refused: readonly ShadowedDenials[];
  /**
   * Calls that ran without a valid chain (`shadow: "everything"`), by code, the most frequent first. Nobody proved to be their
   * caller, so they are on no record: the checkpoints count them, and what came after the last one is missing.
   */
  readonly unproven: readonly UnprovenByCode[];
}

/** Calls without a valid chain that ended with one code. */
export interface UnprovenByCode {
  readonly code: string;
  readonly count: number;
}

/** Calls of one tool that would have been denied with one code, or were. */
export interface ShadowedDenials {
  readonly code: string;
  readonly stage: string;
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly first: string;
  readonly last: string;
  /** By whom, the most frequent first: of many the first hundred that came. */
  readonly users: readonly ShadowedBy[];
  readonly agents: readonly ShadowedBy[];
  /** Why, in the words of policies and rules: of many the first ten. */
  readonly reasons: readonly string[];
  /** What would pass in their place, as far as it is known: of many the first ten. */
  readonly wouldPass: readonly string[];
}

/** Somebody, and how many of the calls were theirs. */
export interface ShadowedBy {
  readonly id: string;
  /** Of a user: whose. */
  readonly issuer?: string;
  readonly count: number;
}

const { tool, since, until } = FILTER_ROWS;
const readFolder = readerOf<AuditFolders>("shadowReport", FOLDERS);
const readOptions = optionsOf<ShadowReportOptions>("shadowReport", { tool, since, until });

/** A log may have any number of tools, users and reasons; a report is read by people. */
const MOST_ROWS = 1000;
const MOST_NAMES = 100;
const MOST_TEXTS = 10;

/**
 * Reads a log for what shadow mode let run, and for what it did not: for each tool and code how often, for whom, and what would
 * pass. It reads a line at a time, and what it keeps is bounded. Lists are not counted, nor what waits for people. Calls without a valid chain are on no record: they are told as the
 * checkpoints count them.
 *
 * @throws {HopwiseError} as `readAuditLog`
 */
export async function shadowReport(folder: AuditFolders, given: ShadowReportOptions = {}): Promise<ShadowReport> {
  readFolder(folder);
  const options = readOptions(given);
  const passed = new Map<string, number>();
  const rows = new Map<string, Row>();
  let others = 0;
  let [first, last]: readonly (string | undefined)[] = [];
  for await (const { record } of readAuditLog(folder, options)) {
    if (record.kind !== "decision" || record.outcome === "pending" || record.shown !== undefined) continue;
    const name = plain(record.tool);
    if (isList(name)) continue; // one that was refused says no number of items
    last = plain(record.time);
    first ??= last;
    const isRefused = record.outcome === "denied";
    if (!isRefused && record.outcome !== "allowed") continue; // no record of ours
    if (!isRefused && record.shadow === undefined) count(passed, name, MOST_ROWS);
    else if (!noteDenial(rows, name, isRefused, record)) others++;
  }
  const unproven = await readUnproven(folder, options, MOST_ROWS);
  const told = [...rows.values()];
  const names = [...new Set([...told.map((row) => row.tool), ...passed.keys(), ...unproven.keys()])].sort();
  const tools = names.map((name): ShadowedTool => {
    const own = told.filter((row) => row.tool === name).sort((a, b) => b.count - a.count);
    return {
      tool: name,
      passed: passed.get(name) ?? 0,
      denials: own.filter(({ isRefused }) => !isRefused).map(denialsOf),
      refused: own.filter(({ isRefused }) => isRefused).map(denialsOf),
      unproven: byCount(unproven.get(name) ?? new Map()).map(([code, count]) => ({ code, count })),
    };
  });
  return { tools, others, ...(first !== undefined && last !== undefined && { first, last }) };
}

interface Row {
  readonly tool: string;
  readonly code: string;
  readonly stage: string;
  readonly isRefused: boolean;
  count: number;
  first: string;
  last: string;
  readonly users: Map<string, number>;
  readonly agents: Map<string, number>;
  readonly reasons: Map<string, number>;
  readonly wouldPass: Map<string, number>;
}

/** @returns false where there are too many of them */
function noteDenial(rows: Map<string, Row>, name: string, isRefused: boolean, record: DecisionRecord): boolean {
  // The file may have been changed, so none of its values is sure to be what it should.
  const refusal: Partial<DecisionRecord> = Object(isRefused ? record : record.shadow);
  const { code, stage, reason, rule, wouldPass, pointer } = refusal;
  const key = JSON.stringify([name, isRefused, plain(code)]);
  if (!rows.has(key) && rows.size >= MOST_ROWS) return false;
  const time = plain(record.time);
  const row = rows.get(key) ?? newRow({ tool: name, code: plain(code), stage: plain(stage), isRefused }, time);
  rows.set(key, row);
  row.count++;
  if (time < row.first) row.first = time;
  if (time > row.last) row.last = time;
  const { hops = [], issuer } = record.chain ?? {};
  const [user, ...agents] = hops;
  if (user !== undefined) count(row.users, JSON.stringify([plain(issuer), plain(user.id)]), MOST_NAMES);
  for (const { id } of agents) count(row.agents, plain(id).replace(/^agent:/, ""), MOST_NAMES);
  const why = reason ?? rule;
  if (why !== undefined) count(row.reasons, plain(why), MOST_TEXTS);
  const { accepts, grantableBy } = Object(wouldPass) as NonNullable<typeof wouldPass>;
  // Of a rate it is when that window ended.
  if (code === "rate_exceeded") return true;
  if (accepts !== undefined) count(row.wouldPass, plain(pointer ? `${pointer}: ${accepts}` : accepts), MOST_TEXTS);
  else if (grantableBy !== undefined) {
    count(row.wouldPass, `handed on by ${plain(hops[grantableBy]?.id ?? grantableBy)}`, MOST_TEXTS);
  }
  return true;
}

function newRow(of: Pick<Row, "tool" | "code" | "stage" | "isRefused">, time: string): Row {
  const maps = { users: new Map(), agents: new Map(), reasons: new Map(), wouldPass: new Map() };
  return { ...of, count: 0, first: time, last: time, ...maps };
}

/** Counts one more of a name, unless there are too many names. */
function count(counts: Map<string, number>, name: string, most: number): void {
  const before = counts.get(name);
  if (before !== undefined || counts.size < most) counts.set(name, (before ?? 0) + 1);
}

function denialsOf({ tool: _, isRefused: __, users, agents, reasons, wouldPass, ...row }: Row): ShadowedDenials {
  return {
    ...row,
    users: byCount(users).map(([user, times]) => {
      const [issuer, id] = JSON.parse(user) as [string, string];
      return { id, issuer, count: times };
    }),
    agents: byCount(agents).map(([id, times]) => ({ id, count: times })),
    reasons: [...reasons.keys()],
    wouldPass: [...wouldPass.keys()],
  };
}

function byCount(counts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...counts].sort(([, a], [, b]) => b - a);
}
