/** The user or agent at a place of a chain. Index 0 is the user; agents follow. */
export interface Hop {
  readonly kind: "user" | "agent";
  /** The id policies see: the user's own, or `agent:` and the agent's name. */
  readonly id: string;
}

/** Prefix of agents' ids, so that a policy written for an agent never matches a user's id. */
export const AGENT_PREFIX = "agent:";

/** The hops of a chain, in order, as decisions and records name them. */
export function hopsOf(user: { readonly id: string }, agents: readonly string[]): readonly Hop[] {
  return [{ kind: "user", id: user.id }, ...agents.map((name): Hop => ({ kind: "agent", id: AGENT_PREFIX + name }))];
}
