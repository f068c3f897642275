import {
  type DecisionRecord,
  decisionRecord,
  isShown,
  refusedOutcome,
  show,
  tell,
  tellKeepers,
  unverifiedAttempt,
} from "../audit/index.ts";
import type { Allowed, Decided, Decision, Denied } from "../decision/index.ts";
import { quietly, settleInTime } from "../lib/index.ts";
import { toolIdOf } from "../token/index.ts";
import type { IncomingCall } from "./call.ts";
import type { Notes } from "./notes.ts";
import type { EnforcementPoint } from "./options.ts";

/** Writes a decision down, and shows it to who looks on ({@link tell}). Rejects, too, where writing took too long. */
export async function recordDecision(
  decision: Decision,
  notes: Notes,
  call: IncomingCall,
  point: EnforcementPoint,
): Promise<void> {
  const { audit, deadlineMs } = point;
  const record = await recordOf(decision, notes, call, point);
  await tell(audit, record, (kept) => settleInTime(deadlineMs, kept));
}

/**
 * The denial that a call became since it could not be recorded: those that keep records could not, and who looks on is told,
 * before the caller is. Never rejects.
 */
export async function unrecordedAs(
  denied: Denied,
  notes: Notes,
  call: IncomingCall,
  point: EnforcementPoint,
): Promise<Denied> {
  const { audit } = point;
  try {
    if (isShown(audit)) show(audit, await recordOf(denied, notes, call, point));
  } catch {
    // The denial stands whether or not it can be shown.
  }
  return denied;
}

function recordOf(
  decision: Decision,
  { caller, calledAt, received, parsed, kept, shown, applied, approved, other, hidden = [] }: Notes,
  { tool, caller: { via } }: IncomingCall,
  { audience: [audience], pdp }: EnforcementPoint,
): Promise<DecisionRecord> {
  return decisionRecord(decision, {
    tool,
    audience,
    toolId: caller?.chain === undefined ? tool : toolIdOf(tool, calledAt ?? audience, caller.chain.rootAudience),
    via,
    chain: caller?.chain,
    received,
    parsed,
    kept,
    shown,
    applied,
    hidden,
    pdpVersion: pdp.version,
    approved,
    other,
  });
}

/** Says of an allowance whose record failed or was late that the call did not run: a slow disk may still write it. */
export function takeBack(decided: Decided, { audit, audience: [audience] }: EnforcementPoint): void {
  quietly(() => tellKeepers(audit, refusedOutcome(decided, audience)));
}

/** Counts what became of a stranger, who must not be able to fill a disk. */
export function countStranger(
  decision: Denied | Allowed,
  { caller }: Notes,
  { audit, audience: [audience] }: EnforcementPoint,
): void {
  quietly(() => audit.unverified?.(unverifiedAttempt(decision, audience, caller?.chain)));
}
