import type { PublicJwk } from "../crypto/index.ts";
import type { JsonObject } from "../json/index.ts";
import type { Source } from "../source/index.ts";
import type { Subject } from "../token/index.ts";

/** A user or service, as policies may know it: from a directory, never from a token. */
export interface User {
  /** The id policies see. Must not begin with `agent:`, which marks agents. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly attributes?: JsonObject;
}

/** Finds users. A user is the pair of issuer and subject: the same name from another issuer is another user. */
export type UserDirectory = Source<Subject, User>;

/** A class of agents as policies may know it, and the most that its agents may do, even with a wider grant. */
export interface AgentClass {
  readonly roles: readonly string[];
  readonly attributes?: JsonObject;
  /** What kind of agent it is; policies find it as `attr.class`. An ephemeral agent has the name of its class. */
  readonly class?: string;
  /** Who is responsible for it; policies find it as `attr.owner`. */
  readonly owner?: string;
  /** The only tools it may call or be part of calling. By default, all tools that it was granted. */
  readonly tools?: readonly string[];
  /**
   * How many agents a chain with it may have at most: 1 for an agent that works directly for users and hands nothing
   * on.
   */
  readonly maxDepth?: number;
  /**
   * The classes of sub-agents it may make for itself, by name. Such a sub-agent is not registered and has a fresh key;
   * it is called `<delegator>/<class>/<random>`, and everything it may do comes from its class.
   */
  readonly classes?: { readonly [name: string]: AgentClass };
}

/** An agent as policies may know it, and its own keys. */
export interface Agent extends AgentClass {
  /** The agent's keys: public JWKs, or their RFC 7638 thumbprints. Any other key in its name is refused. */
  readonly keys: readonly (PublicJwk | string)[];
}

/** Finds agents by the name that a chain gives them. */
export type AgentRegistry = Source<string, Agent>;

/**
 * A user directory in memory: issuer → subject → user. The id that policies see is the subject, unless it says another.
 *
 * ```ts
 * inMemoryUsers({ "https://id.acme.example": { alice: { roles: ["analyst"], attributes: { region: "EMEA" } } } })
 * ```
 */
export function inMemoryUsers(users: {
  readonly [issuer: string]: { readonly [subject: string]: Omit<User, "id"> & { readonly id?: string } };
}): UserDirectory {
  return {
    name: "users in memory",
    find: ({ issuer, subject }) => {
      const known = Object.hasOwn(users, issuer) ? users[issuer] : undefined;
      const user = known !== undefined && Object.hasOwn(known, subject) ? known[subject] : undefined;
      return user && { id: subject, ...user };
    },
  };
}

/**
 * An agent registry in memory: name → agent.
 *
 * ```ts
 * inMemoryAgents({ planner: { roles: ["finance_agent"], keys: [plannerKey.publicJwk] } })
 * ```
 */
export function inMemoryAgents(agents: { readonly [name: string]: Agent }): AgentRegistry {
  return {
    name: "agents in memory",
    find: (name) => (Object.hasOwn(agents, name) ? agents[name] : undefined),
  };
}
