import {
  copied,
  list,
  mapOf,
  maybe,
  members,
  named,
  type Rows,
  readerOf,
  type Shape,
  such,
  suchAt,
  text,
  type Wrong,
  whole,
} from "../options/index.ts";
import { attributesShape, PLACE_ROWS } from "../source/index.ts";
import { AGENT_NAMED, CLASS_NAME, httpsAddress, isKeptJwk, isSha256, listedTool, SUBJECT } from "../token/index.ts";
import { DELEGATION } from "./principals.ts";
import {
  type Agent,
  type AgentClass,
  type AgentRegistry,
  agentIn,
  subjectIn,
  type User,
  type UserDirectory,
} from "./sources.ts";
import { reservedPrefix } from "./user-ids.ts";

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
  tools: maybe(list(listedTool("a tool's name", "leave tools out"), "a list of tools' names")),
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
          (key) => isKeptJwk(key) || isSha256(key),
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
    'users by issuer and subject, such as { "https://id.acme.example": { alice: { roles: ["analyst"] } } }',
    httpsAddress("https://id.acme.example", " of the issuer of the users that stand below it,"),
  ),
);
const readAgents = readerOf<{ readonly [name: string]: Agent }>(
  "inMemoryAgents",
  mapOf(
    AGENT,
    'agents by name, such as { planner: { roles: ["finance_agent"], keys: [signer.publicJwk] } }',
    AGENT_NAMED,
  ),
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
      return user && { ...user, id: user.id ?? subject };
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
