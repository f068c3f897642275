import type { PublicJwk } from "../crypto/index.ts";
import type { JsonObject } from "../json/index.ts";
import { mustBe, reading } from "../options/index.ts";
import type { PolicyPlace, Source } from "../source/index.ts";
import type { Subject } from "../token/index.ts";

/**
 * A user or service, as policies may know it: from a directory, never from a token. `scope` and `policyVersion` are those of
 * its principal policies.
 */
export interface User extends PolicyPlace {
  /**
   * The id policies see, where users of one issuer come, or the directory has `uniqueIds`. Must not begin with `agent:`,
   * which marks agents, nor with `iss:`, which marks ids made of issuer and subject.
   */
  readonly id: string;
  readonly roles: readonly string[];
  readonly attributes?: JsonObject;
}

/** A user under the id that policies see, with the issuer who vouches for them. */
export interface IssuedUser extends User {
  readonly issuer: string;
}

/** What a user directory says of all its users. */
export interface UserDirectoryTraits {
  /**
   * No two users have the same id, whichever issuers they are of. Otherwise, where users of several issuers come, policies
   * see ids that are made of issuer and subject: `iss:https://id.partner.example#bob`.
   */
  readonly uniqueIds?: boolean;
  /**
   * The issuers whose users it has: it is asked about nobody else's. Where no issuer is trusted with chains, ids of users are told
   * by it, too.
   */
  readonly issuers?: readonly string[];
}

/** Finds users. A user is the pair of issuer and subject: the same name from another issuer is another user. */
export interface UserDirectory extends Source<Subject, User>, UserDirectoryTraits {}

/**
 * A class of agents as policies may know it, and the most that its agents may do, even with a wider grant. `scope` and
 * `policyVersion` are those of its principal policies.
 */
export interface AgentClass extends PolicyPlace {
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

/** Who is asked about. @throws {HopwiseError} `config_invalid` for what is no user of an issuer */
export function subjectIn(called: string, subject: Subject): Subject {
  const WHO = "a user, { issuer, subject }";
  const { issuer, subject: name } = reading(called, "subject", WHO, subject, (given) => ({ ...given }));
  if (typeof issuer !== "string" || typeof name !== "string") mustBe(called, "subject", WHO, subject);
  return { issuer, subject: name };
}

/** @throws {HopwiseError} `config_invalid` for what is no name */
export function agentIn(called: string, name: string): string {
  return typeof name === "string" ? name : mustBe(called, "name", "an agent's name, such as planner", name);
}
