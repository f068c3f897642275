import { HopwiseError, isRefusal } from "../errors.ts";
import type { ConfirmedAgents } from "../principal/index.ts";
import { isListing } from "../token/index.ts";
import type { EnforcementPoint } from "./options.ts";
import { agentsOf } from "./stages/agents.ts";
import { type KnownCaller, refuseWithout } from "./stages/grant.ts";
import { refuseRevoked } from "./stages/state.ts";
import { lookAtChainAgain, type OpenedChain } from "./stages/token.ts";

/** Each waits as long as the stores and the registry may take. */
const MOST_LOOKS = 3;
/** How long ago the newest revocations may have been asked for, where that takes a way to a store: this call may have done so itself. */
const MOMENT_MS = 50;
const RESTLESS = (): HopwiseError =>
  new HopwiseError(
    "issuer_keys_unavailable",
    "the trust anchors were replaced again and again while the call was decided",
  );

/**
 * A decision is of one moment. Between the first half of the way and the second, and while sources and policies are
 * asked, time passes: this asks again, without a signature, for everything that the call stands on and that may have
 * been taken away. The chain expired, its issuer's key was withdrawn, something was revoked, an agent's key or tool left
 * the registry.
 *
 * @returns the caller, with the agents as the registry knows them now; or the refusal
 */
export async function lookAgain(
  known: KnownCaller,
  tool: string,
  point: EnforcementPoint,
  looks: number = MOST_LOOKS,
): Promise<KnownCaller | HopwiseError> {
  const { caller } = known;
  const trusted = point.trust;
  // All at once, and of several refusals the first in the order of the way.
  const [chain, revoked, agents] = await Promise.allSettled([
    lookAtChainAgain(caller, point),
    refuseRevoked(caller, point, MOMENT_MS),
    agentsOf(caller, point),
  ]);
  if (chain.status === "rejected") throw chain.reason;
  if (revoked.status === "rejected") throw revoked.reason;
  if (isRefusal(revoked.value)) return revoked.value;
  // While others were waited for, who is trusted changed: the chain was looked at under those of before.
  if (point.trust !== trusted) return looks > 1 ? lookAgain(known, tool, point, looks - 1) : RESTLESS();
  return knownNow(caller, tool, agents);
}

/**
 * The same before the policies are asked, since they are asked about the agents as they are now. What was revoked is left to
 * the last look: a store asked twice would be one trip more, and its answer would not be the last one.
 *
 * @returns the caller, with the agents as the registry knows them now; or the refusal
 */
export async function lookAtAgents(
  { caller }: KnownCaller,
  tool: string,
  point: EnforcementPoint,
): Promise<KnownCaller | HopwiseError> {
  const [chain, agents] = await Promise.allSettled([lookAtChainAgain(caller, point), agentsOf(caller, point)]);
  if (chain.status === "rejected") throw chain.reason;
  return knownNow(caller, tool, agents);
}

/** @throws what the registry threw */
function knownNow(
  caller: OpenedChain,
  tool: string,
  agents: PromiseSettledResult<ConfirmedAgents>,
): KnownCaller | HopwiseError {
  if (agents.status === "rejected") throw agents.reason;
  const without = isListing(tool) ? undefined : refuseWithout(agents.value, tool);
  return without ?? { caller, agents: agents.value };
}
