import type { DecisionErrorCode } from "../errors.ts";
import type { HopVerdict } from "./check-hops.ts";

/** Why the hops together do not allow a call; always that of the first hop that does not. */
export interface HopDenial {
  readonly code: Extract<
    DecisionErrorCode,
    "policy_denied" | "delegation_denied" | "policy_unavailable" | "policy_inconclusive" | "approval_required"
  >;
  readonly hop: number;
  readonly message: string;
  readonly reason?: string;
  /** The policy's rule that gave the reason. */
  readonly rule?: string;
}

/**
 * All answers together: allowed if and only if every hop allows the call and every hop but the last may hand over.
 * Undefined means allowed.
 */
export function combineVerdicts(verdicts: readonly HopVerdict[]): HopDenial | undefined {
  if (verdicts.length === 0) return { code: "policy_inconclusive", hop: 0, message: "nobody was asked" };
  for (const verdict of verdicts) {
    const denial = denialOf(verdict);
    if (denial !== undefined) return denial;
  }
  // Nobody is asked to approve what another hop denies.
  for (const { hop, id, obligations } of verdicts) {
    const approval = obligations?.approval;
    if (approval !== undefined) {
      const message = `policy allows this to "${id}" once somebody has approved it, and approvals are not there yet`;
      return { code: "approval_required", hop, message, reason: approval };
    }
  }
  return undefined;
}

function denialOf(verdict: HopVerdict): HopDenial | undefined {
  const { hop, id, effect, delegation, reasons, rules, problem, unavailable } = verdict;
  const reason = reasons[0] === undefined ? {} : { reason: reasons[0], ...(rules?.[0] && { rule: rules[0] }) };
  if (effect === "error" || delegation === "error") {
    return unavailable
      ? { code: "policy_unavailable", hop, message: `the policies could not be asked about "${id}": ${problem}` }
      : {
          code: "policy_inconclusive",
          hop,
          message: `the policies' answer about "${id}" cannot be relied on: ${problem}`,
        };
  }
  if (effect === "deny")
    return { code: "policy_denied", hop, message: `policy does not allow this to "${id}"`, ...reason };
  if (delegation === "deny") {
    return {
      code: "delegation_denied",
      hop,
      message: `no policy lets "${id}" hand authority to the next hop; where the policies do not rule on delegation, set delegation: "grants-only"`,
      ...reason,
    };
  }
  return undefined;
}
