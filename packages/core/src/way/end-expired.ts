import type { Decision } from "../decision/index.ts";
import { type HopwiseError, isRefusal } from "../errors.ts";
import type { AdmittedCall, Continuation, Listing } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import { endUnproven, type UnprovenCall } from "./end-unproven.ts";
import type { EnforcementPoint } from "./options.ts";
import { checkProof } from "./stages/proof.ts";
import { askState } from "./stages/state.ts";
import { openExpired } from "./stages/token.ts";

/**
 * Ends a call on a chain that does not verify: denies it. Where it is genuine and has only expired, its holder may be known all the
 * same: if the proof holds, the denial is theirs, and on durable record, for that is how a stolen key shows. The proof is
 * used up, so that a captured one cannot fill the log. Everybody else is counted as a stranger. The caller hears the same
 * in any case.
 */
export async function* endExpired(
  refusal: HopwiseError,
  unproven: UnprovenCall,
  point: EnforcementPoint,
  log: CallLog,
): AsyncGenerator<AdmittedCall, Decision | Listing, Continuation> {
  if (refusal.code !== "token_expired") return yield* endUnproven(refusal, undefined, unproven, point, log);
  const { call, received } = unproven;
  const known = await log.stage("token", () => openExpired(call.caller, point));
  if (isRefusal(known)) return yield* endUnproven(refusal, undefined, unproven, point, log);
  let calledAt = known.audience;
  if (call.caller.via === "proof") {
    const proof = await log.stage("proof", () => checkProof(call, known, received, point));
    if (isRefusal(proof)) return yield* endUnproven(refusal, known, unproven, point, log);
    calledAt = proof.audience;
    const state = await log.stage("state", () => askState(known, proof, point));
    if (isRefusal(state) || state.replayed !== undefined) return log.deny(refusal);
  }
  log.note({ caller: known, verified: true, calledAt });
  return yield* endUnproven(refusal, known, unproven, point, log);
}
