/** Who stands at a place of a chain. Index 0 is the user; what follows are agents. */
export interface Hop {
  readonly kind: "user" | "agent";
  /** The id policies see: the user's own, or `agent:` and the agent's name. */
  readonly id: string;
}

/** Prefix of agents' ids, so that no user's id can meet a policy that is written for an agent. */
export const AGENT_PREFIX = "agent:";

/** The hops of a chain, in order, as decisions and records name them. */
export function hopsOf(user: { readonly id: string }, agents: readonly string[]): readonly Hop[] {
  return [{ kind: "user", id: user.id }, ...agents.map((name): Hop => ({ kind: "agent", id: AGENT_PREFIX + name }))];
}
