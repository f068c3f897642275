import type { GRPC } from "@cerbos/grpc";
import { HopwiseError } from "@hopwise/core";
import { hasCanary } from "./probe-pdp.ts";
import type { PolicyClient } from "./resilient.ts";

/** For how long one look at the canary counts, in milliseconds. */
const LOOK_LASTS_MS = 1_000;

/**
 * A PDP whose policies are gone (an emptied bucket, a failed checkout) serves on: it denies everything, and a list of what
 * is allowed is empty. This makes an error of that, so that another target can answer.
 *
 * That no policy matched can also mean that there is none for this kind or scope, which is a right answer. So the canary
 * is asked for then: where it was there before, and is not any more, the policies are gone.
 *
 * @param sawCanary whether the targets are known to have had the canary's policy
 */
export function noticeLostPolicies(client: GRPC, sawCanary: () => boolean): PolicyClient {
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
    throw new HopwiseError("policy_unavailable", "the policy decision point has lost its policies");
  }

  return {
    async checkResources(request, options) {
      // A list asks without metadata, and would be empty where nobody sees why.
      const response = await client.checkResources({ ...request, includeMetadata: true }, options);
      const unmatched = response.results.some(({ metadata }) =>
        Object.values(metadata?.actions ?? {}).some(({ matchedPolicy }) => matchedPolicy === NO_MATCH),
      );
      if (unmatched) await mustHavePolicies();
      return response;
    },
    async planResources(request, options) {
      const plan = await client.planResources({ ...request, includeMetadata: true }, options);
      if (plan.metadata?.conditionString === NO_MATCH) await mustHavePolicies();
      return plan;
    },
  };
}

/** What Cerbos says in place of a policy where it has none. */
const NO_MATCH = "NO_MATCH";
