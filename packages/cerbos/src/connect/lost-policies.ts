import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { hasCanary, type PolicyClient } from "../ask/index.ts";

/** For how long one look at the canary counts, in milliseconds. */
const LOOK_LASTS_MS = 1_000;

/**
 * A PDP whose policies are gone (an emptied bucket, a failed checkout) serves on: it denies everything, and every list
 * is empty. This turns such an answer into an error, so that another target can answer.
 *
 * "No policy matched" can also be a right answer: this kind or scope may have none. So the PDP is then asked about the
 * canary: where its policy was there before and is missing now, the policies are gone.
 *
 * @param sawCanary whether the targets are known to have had the canary's policy
 * @param asked the same client, or what was made of it
 */
export function noticeLostPolicies(client: GRPC, sawCanary: () => boolean, asked: PolicyClient): PolicyClient {
  let look: Promise<boolean> | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function mustHavePolicies(): Promise<void> {
    if (!sawCanary()) return;
    if (look === undefined || performance.now() - lookedAt > LOOK_LASTS_MS) {
      lookedAt = performance.now();
      look = hasCanary(client, { signal: AbortSignal.timeout(LOOK_LASTS_MS) });
      look.catch(() => {
        look = undefined;
      });
    }
    if (await look) return;
    throw inOwnWords(new HopwiseError("policy_unavailable", "the policy decision point has lost its policies"));
  }

  return {
    async checkResources(request, options) {
      // A list asks without metadata, so an empty list would not show why it is empty.
      const response = await asked.checkResources({ ...request, includeMetadata: true }, options);
      const unmatched = response.results.some(({ metadata }) =>
        Object.values(metadata?.actions ?? {}).some(({ matchedPolicy }) => matchedPolicy === NO_MATCH),
      );
      if (unmatched) await mustHavePolicies();
      return response;
    },
    async planResources(request, options) {
      const plan = await asked.planResources({ ...request, includeMetadata: true }, options);
      if (plan.metadata?.conditionString === NO_MATCH) await mustHavePolicies();
      return plan;
    },
  };
}

/** What Cerbos says in place of a policy where it has none. */
const NO_MATCH = "NO_MATCH";
