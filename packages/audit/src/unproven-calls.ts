import type { UnverifiedAttempt } from "@hopwise/core/audit";
import { type Statement, statementIn } from "./checkpoint.ts";
import { type AuditFilter, periodOf } from "./filter.ts";
import { parseLine } from "./line.ts";
import type { AuditFolders } from "./option-shapes.ts";
import { plain } from "./print-record.ts";
import { type StreamFiles, streamsOfLog } from "./segment.ts";
import { streamLines } from "./stream-lines.ts";

/** Calls and lists that ran without a valid chain, in shadow mode: how often, by tool and code. */
export type UnprovenCalls = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A checkpoint is written again and again, so what it counts is bounded. */
const MOST_TOOLS = 100;
const LONGEST_NAME = 200;
const OTHERS = "(others)";

/** What a checkpoint says of them. */
export function unprovenIn(calls: UnprovenCalls): NonNullable<Statement["ran"]> {
  return Object.fromEntries([...calls].map(([tool, codes]) => [tool, Object.fromEntries(codes)]));
}

/** @returns whether it ran */
export function countUnproven(calls: Map<string, Map<string, number>>, attempt: UnverifiedAttempt): boolean {
  if (attempt.enforced !== false) return false;
  add(calls, attempt.tool.slice(0, LONGEST_NAME), attempt.code, 1, MOST_TOOLS);
  return true;
}

/**
 * What ran without a valid chain, as the checkpoints of a log tell it, whose signatures are not checked: in each stream what its
 * last checkpoint before `until` counts more than its last one before `since`. Lists are left out.
 */
export async function readUnproven(
  folder: AuditFolders,
  { tool, ...period }: Pick<AuditFilter, "tool" | "since" | "until">,
  mostTools: number,
): Promise<UnprovenCalls> {
  const calls = new Map<string, Map<string, number>>();
  const [from, to] = periodOf(period);
  for (const stream of await streamsOfLog(folder)) {
    let [before, last]: readonly [Counts, Counts] = [{}, {}];
    for await (const { time, ran } of statementsOf(stream)) {
      const at = Date.parse(time);
      if (at < from) before = Object(ran);
      if (at < to) last = Object(ran);
    }
    for (const [name, codes] of Object.entries(last)) {
      if (isList(name) || (tool !== undefined && name !== tool)) continue;
      for (const [code, count] of Object.entries(Object(codes) as object)) {
        const more = numberOf(count) - numberOf(Object(before[name])[code]);
        if (more > 0) add(calls, plain(name), plain(code), more, mostTools);
      }
    }
  }
  return calls;
}

/** The file may have been changed, so none of its values is sure to be what it should. */
type Counts = { readonly [tool: string]: unknown };

async function* statementsOf(stream: StreamFiles): AsyncGenerator<Statement> {
  for await (const { bytes, complete } of streamLines(stream)) {
    const statement = complete ? statementIn(parseLine(bytes, "checkpoint")) : undefined;
    if (statement !== undefined) yield statement;
  }
}

export function isList(tool: string): boolean {
  return tool.startsWith("mcp:") && tool.endsWith("/list");
}

function numberOf(count: unknown): number {
  return Number.isSafeInteger(count) ? (count as number) : 0;
}

function add(calls: Map<string, Map<string, number>>, tool: string, code: string, count: number, most: number): void {
  const name = calls.has(tool) || calls.size < most ? tool : OTHERS;
  const codes = calls.get(name) ?? new Map<string, number>();
  calls.set(name, codes);
  const key = codes.has(code) || codes.size < most ? code : OTHERS;
  codes.set(key, (codes.get(key) ?? 0) + count);
}
