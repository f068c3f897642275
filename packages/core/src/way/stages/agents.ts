import { eachInTime } from "../../options/index.ts";
import { type ConfirmedAgents, confirmAgents } from "../../principal/index.ts";
import type { Caller } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";

const NO_AGENTS: ConfirmedAgents = { agents: [], origins: [] };

/**
 * The agents of the chain are those of the registry, with the keys that it pins to their names.
 *
 * @throws {HopwiseError} codes of the stage `agents`
 */
export function agentsOf({ chain }: Caller, { agents, deadlineMs }: EnforcementPoint): Promise<ConfirmedAgents> {
  if (chain === undefined) return Promise.resolve(NO_AGENTS);
  return eachInTime(deadlineMs, "registry_unavailable", "the agent registry", (wait) =>
    confirmAgents(chain, agents, wait),
  );
}
