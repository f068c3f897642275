import { HopwiseError } from "../errors.ts";
import { addUp, changesResults, misfitOf, type OutputSchema } from "../result/index.ts";
import type { HopVerdict } from "./check-hops.ts";

/**
 * All answers together: allowed if and only if every hop allows the call and every hop but the last may hand over.
 * Undefined means allowed; otherwise the result is the refusal of the first hop that does not allow the call.
 */
export function combineVerdicts(verdicts: readonly HopVerdict[]): HopwiseError | undefined {
  if (verdicts.length === 0) return new HopwiseError("policy_inconclusive", "no hop was asked", { hop: 0 });
  for (const verdict of verdicts) {
    const refusal = refusalOf(verdict);
    if (refusal !== undefined) return refusal;
  }
  // No person is asked to approve a call that another hop denies.
  for (const { hop, id, obligations } of verdicts) {
    const approval = obligations?.approval;
    if (approval !== undefined) {
      const message = `policy allows this to "${id}" once a person has approved it, and approvals are not there yet`;
      return new HopwiseError("approval_required", message, { hop, reason: approval });
    }
  }
  return undefined;
}

/** What an enforcement point does with a tool's result, and what it told callers that the result will be. */
export interface Fulfilment {
  /** It changes results as policies oblige to. */
  readonly fulfils?: boolean | undefined;
  /** The schema that the tool announces; undefined for a tool that announces nothing. */
  readonly outputSchema?: OutputSchema | undefined;
}

/**
 * An obligation that the enforcement point does not fulfil is a condition that is not met. So is one after which the
 * result may not be what the tool announces: its client would throw it away once the tool has run, and call again.
 */
export function refuseOwed(
  verdicts: readonly HopVerdict[],
  { fulfils, outputSchema }: Fulfilment,
): HopwiseError | undefined {
  const owing = verdicts.filter(({ obligations }) => obligations !== undefined && changesResults(obligations));
  const [first] = owing;
  if (first === undefined) return undefined;
  if (fulfils !== true) {
    return new HopwiseError(
      "policy_inconclusive",
      `the policies oblige to change results for "${first.id}", and this enforcement point does not say that it does; put results through fulfil() and say so with fulfils: true`,
      { hop: first.hop },
    );
  }
  const misfitOfAll =
    outputSchema === undefined ? undefined : misfitOf(addUp(owing.map(({ obligations }) => obligations)), outputSchema);
  if (misfitOfAll === undefined) return undefined;
  const { id, hop } =
    owing.find(({ obligations }) => obligations && misfitOf(obligations, outputSchema ?? null)) ?? first;
  return new HopwiseError(
    "policy_inconclusive",
    `the policies oblige to change results for "${id}", which would then not be what the tool's output schema announces: ${misfitOfAll}; let the schema allow that the value is missing or null, or the list shorter`,
    { hop },
  );
}

function refusalOf(verdict: HopVerdict): HopwiseError | undefined {
  const { hop, id, effect, delegation, reasons, rules, problem, unavailable } = verdict;
  const [reason] = reasons;
  const because = { hop, reason, rule: reason === undefined ? undefined : rules?.[0] || undefined };
  if (effect === "error" || delegation === "error") {
    return unavailable
      ? new HopwiseError("policy_unavailable", `the policies could not be asked about "${id}": ${problem}`, { hop })
      : new HopwiseError("policy_inconclusive", `the policies' answer about "${id}" cannot be relied on: ${problem}`, {
          hop,
        });
  }
  if (effect === "deny") return new HopwiseError("policy_denied", `policy does not allow this to "${id}"`, because);
  if (delegation === "deny") {
    return new HopwiseError(
      "delegation_denied",
      `no policy lets "${id}" hand authority to the next hop; where the policies do not rule on delegation, set delegation: "grants-only"`,
      because,
    );
  }
  return undefined;
}
