import type { JsonObject } from "../json/index.ts";
import { defined } from "../lib/index.ts";
import { flag, list, maybe, optionsOf, type Rows, type Shape, text } from "../options/index.ts";
import {
  ASKING_ROWS,
  type AttributeSource,
  attributesAsTheyAre,
  type CachedSourceOptions,
  cachedSource,
  type Many,
  type One,
  sourceShape,
} from "../source/index.ts";
import type { Subject } from "../token/index.ts";
import { asItIs } from "./as-it-is.ts";
import {
  type Agent,
  type AgentRegistry,
  agentIn,
  subjectIn,
  type User,
  type UserDirectory,
  type UserDirectoryTraits,
} from "./sources.ts";

/** How a source is asked: one key or many at once, how long an answer stays good, and how long it may take. */
export type SourceOptions<Key, Value> = (One<Key, Value> | Many<Key, Value>) &
  Omit<CachedSourceOptions<Key, Value>, "find" | "findMany" | "keyOf" | "tenantOf">;

/**
 * A user directory by a function: a query in a database, a call of a service. One query never mixes users of two
 * issuers. `findMany` answers in the order of the keys, which a query does not. Where it goes by the subject alone, `issuers` says
 * whose users these are: the same name of another issuer is somebody else.
 *
 * ```ts
 * usersFrom({ name: "hr", issuers: ["https://id.acme.example"], ttlMs: 60_000, find: ({ subject }) => db.user(subject) })
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right
 */
export function usersFrom(options: SourceOptions<Subject, User> & UserDirectoryTraits): UserDirectory {
  const { uniqueIds, issuers, ...asking } = readUsers(options);
  return { ...cachedSource({ ...asking, ...BY_SUBJECT }, "usersFrom", asItIs), ...defined({ uniqueIds, issuers }) };
}

/** What a source of further attributes says of its users. */
type OfIssuers = Pick<UserDirectoryTraits, "issuers">;

/**
 * Further attributes of users by a function, for the option `sources.user` of an authorizer. See {@link usersFrom}: with `issuers`, it
 * has nothing of the users of others, and is not asked about them.
 */
export function userAttributesFrom(options: SourceOptions<Subject, JsonObject> & OfIssuers): AttributeSource<Subject> {
  const { issuers, ...asking } = readUserAttributes(options);
  const source: AttributeSource<Subject> = cachedSource(
    { ...asking, ...BY_SUBJECT },
    "userAttributesFrom",
    attributesAsTheyAre,
  );
  if (issuers === undefined) return source;
  const { find, look = find as never } = source;
  const isOther = (who: Subject): boolean => !issuers.includes(subjectIn("find", who).issuer);
  return {
    ...source,
    find: (who) => (isOther(who) ? undefined : find(who)),
    look: (who) => (isOther(who) ? { value: undefined, ageMs: 0 } : look(who)),
  };
}

/** An agent registry by a function. See {@link usersFrom}. */
export function agentsFrom(options: SourceOptions<string, Agent>): AgentRegistry {
  return cachedSource({ ...readAgents(options), ...BY_NAME }, "agentsFrom", asItIs);
}

/** Further attributes of agents by a function, for the option `sources.agent` of an authorizer. */
export function agentAttributesFrom(options: SourceOptions<string, JsonObject>): AttributeSource<string> {
  return cachedSource({ ...readAgentAttributes(options), ...BY_NAME }, "agentAttributesFrom", attributesAsTheyAre);
}

const ISSUER_NAMED = text("an issuer, such as https://id.acme.example");

export const TRAIT_ROWS: Rows<UserDirectoryTraits> = {
  uniqueIds: maybe(flag()),
  issuers: maybe(list(ISSUER_NAMED, "a list of issuers, at least one", { min: 1 })),
};

/** A directory of a program's own. Of one that has nobody, such as an empty one in memory, the list of issuers is empty. */
export const USER_DIRECTORY: Shape = sourceShape<UserDirectoryTraits>("a directory, such as inMemoryUsers({ … })", {
  uniqueIds: maybe(flag()),
  issuers: maybe(list(ISSUER_NAMED, "a list of issuers")),
});
export const AGENT_REGISTRY: Shape = sourceShape("a registry, such as inMemoryAgents({ … })", {});

/** By its own name, and with what it takes alone: an error lists that. */
function reader<Options extends object>(called: string, more: object = {}): (options: Options) => Options {
  return optionsOf<Options>(called, { ...ASKING_ROWS, ...more } as object as Rows<Options>);
}

const readUsers = reader<SourceOptions<Subject, User> & UserDirectoryTraits>("usersFrom", TRAIT_ROWS);
const readUserAttributes = reader<SourceOptions<Subject, JsonObject> & OfIssuers>("userAttributesFrom", {
  issuers: TRAIT_ROWS.issuers,
});
const readAgents = reader<SourceOptions<string, Agent>>("agentsFrom");
const readAgentAttributes = reader<SourceOptions<string, JsonObject>>("agentAttributesFrom");

const BY_SUBJECT = {
  keyOf: (key: Subject): string => subjectIn("find", key).subject,
  tenantOf: (key: Subject): string => subjectIn("find", key).issuer,
};

/** Agents belong to this enforcement point: one registry names them all, whichever user they work for. */
const BY_NAME = { keyOf: (name: string): string => agentIn("find", name), tenantOf: (): string => "" };
