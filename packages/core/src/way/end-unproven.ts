import type { DenialCode, ErrorCode } from "../codes.ts";
import type { Decision } from "../decision/index.ts";
import { type HopwiseError, isRefusal } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { findTarget, targetOf } from "../resource/index.ts";
import { isListing } from "../token/index.ts";
import type { AdmittedCall, Caller, Continuation, IncomingCall, Listed, Listing, ParsedCall } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import { asCall } from "./end-otherwise.ts";
import type { EnforcementPoint } from "./options.ts";
import { noCaller } from "./shadow.ts";
import { areProjected, isRead, parsedArguments } from "./stages/arguments.ts";
import { refuseRevoked } from "./stages/state.ts";

/** A call that came without a valid chain, or without a proof of it. */
export interface UnprovenCall {
  readonly call: IncomingCall;
  readonly received: JsonObject;
}

/**
 * Ends a call for which no valid chain was shown, or one that stands no more: denies it. With `shadow: "everything"` it runs, for
 * nobody who is known: nothing is asked that would need a caller, neither grants nor policies. What was revoked stops it
 * all the same.
 *
 * @param named whom its chain names, where that is genuine
 */
export async function* endUnproven(
  refusal: HopwiseError,
  named: Caller | undefined,
  { call, received }: UnprovenCall,
  point: EnforcementPoint,
  log: CallLog,
): AsyncGenerator<AdmittedCall, Decision | Listing, Continuation> {
  if (!log.lets(refusal)) return log.deny(refusal);
  const next = yield { received, user: noCaller(refusal.code as DenialCode) };
  const revoked = named && (await log.stage("state", () => refuseRevoked(named, point)));
  if (revoked !== undefined) return log.deny(revoked);
  switch (next.as) {
    case "refusal":
      return log.deny(next.refusal);
    case "list": {
      const shown = next.items.map((item) => canBeCalled(item, refusal.code, point));
      log.note({ shown: { items: shown.filter(Boolean).length, of: shown.length } });
      const decision = await log.allow({ isKnown: false });
      return decision.outcome === "denied" ? decision : { outcome: "listed", shown };
    }
    case "call":
      return run(next, { call, received }, point, log);
  }
}

/** Without a chain nobody is asked what is granted, so that all is shown that runs. */
function canBeCalled(
  { tool, arguments: known = {}, template, hidden }: Listed,
  code: ErrorCode,
  point: EnforcementPoint,
): boolean {
  if (hidden !== undefined || !point.shadow.lets(tool, code)) return false;
  return findTarget(point.tools, tool, known, template) !== undefined;
}

/** What the tool's own schema makes of the arguments still has to be plain, and the tool to be one of the map. */
async function run(
  next: ParsedCall,
  { call: { tool, caller }, received }: UnprovenCall,
  point: EnforcementPoint,
  log: CallLog,
): Promise<Decision> {
  if (isListing(tool)) return log.deny(asCall(tool));
  const target = targetOf(point.tools, tool, received, next.readAs);
  if (isRefusal(target)) return log.deny(target);
  const { entry, uri } = target;
  const parsed = isRead(next)
    ? await log.stage("arguments", () => parsedArguments({ tool, received }, entry, next, point))
    : undefined;
  if (isRefusal(parsed)) return log.deny(parsed);
  log.note({ uri, ...(parsed !== undefined && { parsed }) });
  return log.allow({ projected: areProjected(entry, parsed, caller), isKnown: false });
}
