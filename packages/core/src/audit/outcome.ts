import { sha256 } from "../crypto/index.ts";
import type { Allowed, Decided } from "../decision/index.ts";
import { type AppliedFilter, type Filter, type FilterFault, unapplied } from "../filter/index.ts";
import { canonicalJson, freezeJson } from "../json/index.ts";
import { timeOf } from "../lib/index.ts";
import type { OutcomeRecord } from "./record.ts";

/** How an allowed call ended. */
export type Outcome = (
  | {
      readonly outcome: "returned";
      /** The tool's result, before anything was taken out of it: recorded as a hash. */
      readonly result: unknown;
      /** The policies' JSON pointers at which something was taken out. */
      readonly redacted?: readonly string[];
      /** Nothing of the result was shown: it could not be changed as the policies oblige to, or has rows that were not checked. */
      readonly withheld?: boolean;
    }
  /** `failed`: the tool gave an error, or its server gave up on it. `withdrawn`: the caller left before the answer. */
  | { readonly outcome: "failed" | "withdrawn" }
) & {
  /** By the tool's own word, or because it never began, nothing happened: what the call took from a budget is given back. */
  readonly nothingHappened?: boolean;
};

const RESULT_LIMITS = { maxDepth: 64, maxSize: 1024 * 1024 };

/** @param clock in milliseconds since the epoch; an outcome is not lost where it breaks */
export async function outcomeRecord(
  { invocation, tool, time, filter }: Allowed,
  outcome: Outcome,
  audience: string,
  clock: () => number,
): Promise<OutcomeRecord> {
  const returned = outcome.outcome === "returned" ? outcome : undefined;
  const now = timeOf(clock);
  const hash = returned && (await hashOf(returned.result));
  const redacted = returned?.redacted ?? [];
  const rows = returned && filter?.applied;
  const fault = filter && rows === undefined ? whyNot(filter, returned !== undefined) : undefined;
  return {
    version: 1,
    kind: "outcome",
    invocation,
    time: new Date(now).toISOString(),
    audience,
    tool,
    outcome: outcome.outcome,
    ...(hash !== undefined && { resultHash: hash }),
    ...(redacted.length > 0 && { redacted }),
    ...(fault !== undefined && { code: fault.code, message: fault.message }),
    ...(rows !== undefined && { rows: countsOf(rows) }),
    ...(returned?.withheld === true && { withheld: true }),
    ...(outcome.nothingHappened === true && { nothingHappened: true }),
    durationMs: Math.max(0, now - Date.parse(time)),
  };
}

/** Why nothing that was read could be shown. A tool may catch what says so, or never ask. */
function whyNot(filter: Filter, hasReturned: boolean): Pick<FilterFault, "code" | "message"> | undefined {
  return filter.fault ?? (hasReturned ? unapplied(filter) : undefined);
}

function countsOf({ rows, ...more }: AppliedFilter): NonNullable<OutcomeRecord["rows"]> {
  return { shown: rows, ...more };
}

/** Takes back an allowance whose record failed or was late: a slow disk may still write that record. */
export function refusedOutcome({ invocation, tool, time }: Decided, audience: string): OutcomeRecord {
  return { version: 1, kind: "outcome", invocation, time, audience, tool, outcome: "refused", durationMs: 0 };
}

/** Undefined for a result that is not plain data, or too large. */
async function hashOf(result: unknown): Promise<string | undefined> {
  try {
    return await sha256(canonicalJson(freezeJson(result, RESULT_LIMITS)));
  } catch {
    return undefined;
  }
}
