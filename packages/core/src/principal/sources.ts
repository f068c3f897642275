import type { PublicJwk } from "../crypto/index.ts";
import type { JsonObject } from "../json/index.ts";
import type { Subject } from "../token/index.ts";

type Awaitable<T> = T | Promise<T>;

/** What policies may know of a user or service: from a directory, never from a token. */
export interface User {
  /** The id policies see. Must not begin with `agent:`, which is how agents are told apart. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly attributes?: JsonObject;
}

/** Finds users. A user is the pair of issuer and subject: the same name from another issuer is somebody else. */
export interface UserDirectory {
  /** `undefined`: there is no such user. Throw where it cannot be told: that denies, too, with another code. */
  find(subject: Subject): Awaitable<User | undefined>;
}

/** What policies may know of a class of agents. */
export interface AgentClass {
  readonly roles: readonly string[];
  readonly attributes?: JsonObject;
  /**
   * The classes of sub-agents it may make for itself, by name. Such a sub-agent is not registered and has a fresh key;
   * it is called `<delegator>/<class>/<random>`, and whatever it is allowed comes from its class.
   */
  readonly classes?: { readonly [name: string]: AgentClass };
}

/** What policies may know of an agent, and which keys are its own. */
export interface Agent extends AgentClass {
  /** The agent's keys: public JWKs, or their RFC 7638 thumbprints. Any other key in its name is refused. */
  readonly keys: readonly (PublicJwk | string)[];
}

/** Finds agents by the name that a chain gives them. */
export interface AgentRegistry {
  /** `undefined`: there is no such agent. Throw where it cannot be told. */
  find(name: string): Awaitable<Agent | undefined>;
}

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
  return { find: (name) => (Object.hasOwn(agents, name) ? agents[name] : undefined) };
}
