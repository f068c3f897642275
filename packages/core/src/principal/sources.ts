import type { PublicJwk } from "../crypto/index.ts";
import type { JsonObject } from "../json/index.ts";
import {
  copied,
  list,
  mapOf,
  maybe,
  members,
  mustBe,
  named,
  type Rows,
  readerOf,
  reading,
  type Shape,
  such,
  suchAt,
  text,
  type Wrong,
  whole,
} from "../options/index.ts";
import { attributesShape, PLACE_ROWS, type PolicyPlace, type Source } from "../source/index.ts";
import {
  AGENT_NAMED,
  CLASS_NAME,
  httpsAddress,
  isKeptJwk,
  isThumbprint,
  SUBJECT,
  type Subject,
} from "../token/index.ts";
import { DELEGATION } from "./principals.ts";
import { reservedPrefix } from "./user-ids.ts";

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

const ROLES = list(named("a role, such as analyst"), 'a list of roles, at least one, such as ["analyst"]', { min: 1 });
const ATTRIBUTES = attributesShape(DELEGATION);

/** A user of a directory in memory. */
type KnownUser = Omit<User, "id"> & { readonly id?: string };

interface UsersByIssuer {
  readonly [issuer: string]: { readonly [subject: string]: KnownUser };
}

const USER = members<KnownUser>(
  {
    id: maybe(text("the id that policies see, in whole characters", (id) => id.isWellFormed())),
    roles: ROLES,
    attributes: maybe(ATTRIBUTES),
    ...PLACE_ROWS,
  },
  'a user, such as { roles: ["analyst"] }',
);

const CLASS_ROWS: Rows<Omit<AgentClass, "classes">> = {
  roles: ROLES,
  attributes: maybe(ATTRIBUTES),
  ...PLACE_ROWS,
  class: maybe(named("a class of agents")),
  owner: maybe(named("who is responsible for it")),
  tools: maybe(list(named("a tool's name"), "a list of tools' names")),
  maxDepth: maybe(whole({ min: 1, max: 64, example: 3 })),
};

const CLASS = 'a class of sub-agents, such as { roles: ["reader"] }';

/** Classes stand within classes as deep as a chain can be. */
function classes(depth = 8): Shape {
  const own = members<AgentClass>(
    {
      ...CLASS_ROWS,
      classes: maybe(depth === 0 ? such("none, for it is too deep", () => false) : classes(depth - 1)),
    },
    CLASS,
  );
  return mapOf(own, "classes of sub-agents by their names", CLASS_NAME);
}

const AGENT = members<Agent>(
  {
    ...CLASS_ROWS,
    classes: maybe(classes()),
    keys: list(
      copied(
        such(
          "a public JWK of an Ed25519 or P-256 key, without d, such as signer.publicJwk, or its thumbprint",
          (key) => isKeptJwk(key) || isThumbprint(key),
        ),
      ),
      "a list of public keys, at least one: an agent without a key can do nothing",
      { min: 1 },
    ),
  },
  'an agent, such as { roles: ["finance_agent"], keys: [signer.publicJwk] }',
);

const readUsers = readerOf<UsersByIssuer>(
  "inMemoryUsers",
  mapOf(
    suchAt("users by their subject", wrongId, mapOf(USER, "users by their subject", SUBJECT)),
    "users by issuer and subject",
    httpsAddress("https://id.acme.example", " of an issuer, under which its users stand"),
  ),
);
const readAgents = readerOf<{ readonly [name: string]: Agent }>(
  "inMemoryAgents",
  mapOf(AGENT, "agents by name", AGENT_NAMED),
);

/** The user of an issuer whose id policies would take for another's. */
function wrongId(users: { readonly [subject: string]: KnownUser }): Wrong | undefined {
  const found = Object.entries(users).find(([subject, { id = subject }]) => reservedPrefix(id) !== undefined);
  if (found === undefined) return undefined;
  const [subject, { id = subject }] = found;
  return {
    path: [subject],
    what: `a user whose id does not begin with "${reservedPrefix(id)}", such as { id: "u-7", roles }`,
  };
}

/**
 * A user directory in memory: issuer → subject → user. The id that policies see is the subject, unless it says another.
 *
 * ```ts
 * inMemoryUsers({ "https://id.acme.example": { alice: { roles: ["analyst"], attributes: { region: "EMEA" } } } })
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for a user without roles, with an id or attributes that no policy could be asked
 *   with, or with a member that users do not have; for an issuer whose address is not https (http on this machine alone)
 */
export function inMemoryUsers(given: UsersByIssuer): UserDirectory {
  const users = readUsers(given);
  return {
    name: "users in memory",
    issuers: Object.keys(users),
    find: (asked) => {
      const { issuer, subject } = subjectIn("find", asked);
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
 *
 * @throws {HopwiseError} `config_invalid` for an agent without roles or keys, a key that is not public, or a name that no
 *   token can have
 */
export function inMemoryAgents(given: { readonly [name: string]: Agent }): AgentRegistry {
  const agents = readAgents(given);
  return {
    name: "agents in memory",
    find: (asked) => {
      const name = agentIn("find", asked);
      return Object.hasOwn(agents, name) ? agents[name] : undefined;
    },
  };
}
