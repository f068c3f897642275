import type { Denied } from "../decision/index.ts";
import { type HopwiseError, isRefusal } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import type { Caller, IncomingCall } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import type { EnforcementPoint } from "./options.ts";
import { checkProof } from "./stages/proof.ts";
import { spendProof } from "./stages/state.ts";
import { openExpired } from "./stages/token.ts";

/** A call whose chain was refused before its proof was looked at. */
export interface RefusedEarly {
  readonly call: IncomingCall;
  readonly received: JsonObject;
  /** Where the chain verified. */
  readonly opened?: Caller;
}

/**
 * Denies a call on a chain that is refused. Where the chain is genuine, and only expired or was revoked, its holder may be
 * known all the same: if the proof holds, the denial is theirs, and on durable record, for that is how a stolen key shows.
 * The proof is used up, so that a captured one cannot fill the log. Everybody else is counted as a stranger. The caller
 * hears the same in any case.
 */
export async function denyProven(
  refusal: HopwiseError,
  { call, received, opened }: RefusedEarly,
  point: EnforcementPoint,
  log: CallLog,
): Promise<Denied> {
  if (refusal.code !== "token_expired" && refusal.code !== "revoked") return log.deny(refusal);
  const { caller } = call;
  const known = opened ?? (await log.stage("token", () => openExpired(caller, point)));
  if (isRefusal(known)) return log.deny(refusal);
  if (caller.via === "proof") {
    const proof = await log.stage("proof", () => checkProof(call, known, received, point));
    if (isRefusal(proof)) return log.deny(refusal);
    const spent = await log.stage("state", () => spendProof(proof, point));
    if (spent !== undefined) return log.deny(refusal);
  }
  log.note({ caller: known, verified: true });
  return log.deny(refusal);
}
