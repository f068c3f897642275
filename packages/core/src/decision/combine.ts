import type { DecisionErrorCode } from "../errors.ts";
import type { HopVerdict } from "./check-hops.ts";

/** Why the hops together do not allow a call; always that of the first hop that does not. */
export interface HopDenial {
  readonly code: Extract<
    DecisionErrorCode,
    "policy_denied" | "delegation_denied" | "policy_unavailable" | "policy_inconclusive"
  >;
  readonly hop: number;
  readonly message: string;
  readonly reason?: string;
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
  return undefined;
}

function denialOf({ hop, id, effect, delegation, reasons, problem, unavailable }: HopVerdict): HopDenial | undefined {
  const reason = reasons[0] === undefined ? {} : { reason: reasons[0] };
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
