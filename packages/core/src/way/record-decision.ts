import { decisionRecord, refusedOutcome, unverifiedAttempt } from "../audit/index.ts";
import type { Allowed, Decided, Decision, Denied } from "../decision/index.ts";
import { quietly, settleInTime } from "../lib/index.ts";
import type { IncomingCall } from "./call.ts";
import type { Notes } from "./notes.ts";
import type { EnforcementPoint } from "./options.ts";

/** Writes a decision down. Rejects where that failed, or took too long. */
export async function recordDecision(
  decision: Decision,
  { caller, received, parsed, kept, shown, applied, approved, hidden = [] }: Notes,
  { tool, caller: { via } }: IncomingCall,
  { audit, audience: [audience], deadlineMs, pdpVersion }: EnforcementPoint,
): Promise<void> {
  const call = {
    tool,
    audience,
    via,
    chain: caller?.chain,
    received,
    parsed,
    kept,
    shown,
    applied,
    hidden,
    pdpVersion,
    approved,
  };
  await settleInTime(deadlineMs, audit.record(await decisionRecord(decision, call)));
}

/** Says of an allowance whose record failed or was late that the call did not run: a slow disk may still write it. */
export function takeBack(decided: Decided, { audit, audience: [audience] }: EnforcementPoint): void {
  quietly(() => audit.outcome?.(refusedOutcome(decided, audience)));
}

/** Counts what became of a stranger, who must not be able to fill a disk. */
export function countStranger(
  decision: Denied | Allowed,
  { caller }: Notes,
  { audit, audience: [audience] }: EnforcementPoint,
): void {
  quietly(() => audit.unverified?.(unverifiedAttempt(decision, audience, caller?.chain)));
}
