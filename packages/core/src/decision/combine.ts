import { HopwiseError } from "../errors.ts";
import { addUp, changesResults, misfitOf, type OutputSchema } from "../result/index.ts";
import type { HopVerdict } from "./check-hops.ts";

/** What the answers are about, besides the call. */
export interface CombinedAbout {
  /** The refusal of a call about a resource that is not there: no answer of a policy about it counts. */
  readonly notThere?: HopwiseError | undefined;
  /** What was asked about each handing over. */
  readonly delegation?: { readonly kind: string; readonly action: string } | "grants-only";
  /** Which denials do not end the call, in shadow mode: what stands behind them may. */
  readonly lets?: (refusal: HopwiseError) => boolean;
}

/**
 * All answers together: allowed if and only if every hop allows the call and every hop but the last may hand over.
 * Undefined means allowed; otherwise the result is the refusal of the first hop that does not allow the call.
 *
 * An outage comes first, at whichever hop. So a resource that is not there, about which no answer of a policy counts, is
 * refused wherever one is that the policies deny: nobody learns by the order which ids exist.
 */
export function combineVerdicts(verdicts: readonly HopVerdict[], about: CombinedAbout = {}): HopwiseError | undefined {
  if (verdicts.length === 0) return new HopwiseError("policy_inconclusive", "no hop was asked", { hop: 0 });
  const { notThere, delegation, lets = () => false } = about;
  const stands = (refusal: HopwiseError | undefined) => (refusal === undefined || lets(refusal) ? undefined : refusal);
  return (
    first(verdicts, refuseOutage) ??
    notThere ??
    first(verdicts, (verdict) => stands(refuseCall(verdict)) ?? stands(refuseHandingOver(verdict, delegation)))
  );
}

function first(
  verdicts: readonly HopVerdict[],
  refuse: (verdict: HopVerdict) => HopwiseError | undefined,
): HopwiseError | undefined {
  for (const verdict of verdicts) {
    const refusal = refuse(verdict);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** What an enforcement point does with a tool's result, and what it told callers that the result will be. */
export interface Fulfilment {
  /**
   * The enforcement point puts the tool's result through `fulfil`. Otherwise a policy that obliges to change results is
   * not satisfied, and the call is denied with `policy_inconclusive`.
   */
  readonly fulfils?: boolean | undefined;
  /**
   * The enforcement point shows no row of a tool that gives rows (`filter` in the tool map) but those that passed
   * `Allowed.filter`. Otherwise a call of such a tool is denied with `policy_inconclusive`.
   */
  readonly filters?: boolean | undefined;
  /**
   * The JSON Schema that the tool announces of its result, as its callers got it; `null` where it has one that could not
   * be read. A call whose result, once changed as policies oblige to, might not be valid under it is denied with
   * `policy_inconclusive` before the tool runs. Give it to `fulfil`, too. Default: the tool announces nothing.
   */
  readonly outputSchema?: OutputSchema | undefined;
}

/**
 * What the enforcement point has to do for the call to be allowed. An obligation that the enforcement point does not fulfil is a condition that is not met. So is one after which the
 * result may not be what the tool announces: its client would throw it away once the tool has run, and call again.
 *
 * @param givesRows the tool was decided by which rows may be seen, and not about any one of them
 */
export function refuseOwed(
  verdicts: readonly HopVerdict[],
  { fulfils, filters, outputSchema }: Fulfilment,
  givesRows = false,
): HopwiseError | undefined {
  if (givesRows && filters !== true) {
    return new HopwiseError(
      "policy_inconclusive",
      "the tool gives rows, and this enforcement point does not say that it shows those alone that passed the decision's filter; ask by filter(), or say so with filters: true",
      { hop: 0 },
    );
  }
  const owing = verdicts.filter(({ obligations }) => obligations !== undefined && changesResults(obligations));
  const [first] = owing;
  if (first === undefined) return undefined;
  if (fulfils !== true) {
    return new HopwiseError(
      "policy_inconclusive",
      `the policies oblige to change results for "${first.id}", and this enforcement point does not say that it does; run the call by runCall of @hopwise/core/running, and say so with fulfils: true`,
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
    `the policies oblige to change results for "${id}", which would then not be what the tool's output schema announces: ${misfitOfAll}; let the schema allow that the value is missing or null, or the list shorter; mayChange of guard, and of guardTransport, does that`,
    { hop },
  );
}

function refuseOutage({ hop, id, problem, unavailable }: HopVerdict): HopwiseError | undefined {
  if (!unavailable) return undefined;
  return new HopwiseError("policy_unavailable", `the policies could not be asked about "${id}": ${problem}`, { hop });
}

function refuseCall(verdict: HopVerdict): HopwiseError | undefined {
  const { hop, id, effect, delegation, reasons, rules, problem, refused } = verdict;
  if (refused)
    return new HopwiseError("policy_request_refused", `Cerbos takes no such request about "${id}": ${problem}`, {
      hop,
    });
  if (effect === "error" || delegation === "error") {
    return new HopwiseError(
      "policy_inconclusive",
      `the policies' answer about "${id}" cannot be relied on: ${problem}`,
      {
        hop,
      },
    );
  }
  if (effect !== "deny") return undefined;
  const [reason] = reasons;
  const rule = reason === undefined ? undefined : rules?.[0] || undefined;
  return new HopwiseError("policy_denied", `policy does not allow this to "${id}"`, { hop, reason, rule });
}

function refuseHandingOver(
  { hop, id, delegation, delegationReason: reason, reasons, rules }: HopVerdict,
  asked: CombinedAbout["delegation"],
): HopwiseError | undefined {
  if (delegation !== "deny") return undefined;
  const question =
    asked === undefined || asked === "grants-only"
      ? ""
      : ` ("${asked.action}" on the kind "${asked.kind}" is not allowed)`;
  // Reasons about the handing over stand behind those about the call.
  const rule = reason === undefined ? undefined : rules?.[reasons.lastIndexOf(reason)] || undefined;
  return new HopwiseError(
    "delegation_denied",
    `no policy lets "${id}" hand authority to the next hop${question}; where the policies do not rule on delegation, set delegation: "grants-only"`,
    { hop, reason, rule },
  );
}
