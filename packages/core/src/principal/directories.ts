import type { JsonObject } from "../json/index.ts";
import { defined } from "../lib/index.ts";
import { flag, isPlainObject, list, maybe, mustBe, optionsOf, type Rows, reading, text } from "../options/index.ts";
import { type AttributeSource, type CachedSourceOptions, cachedSource, type Many, type One } from "../source/index.ts";
import type { Subject } from "../token/index.ts";
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
  const { uniqueIds, issuers, ...asking } = asked("usersFrom", options, BY_SUBJECT);
  const source = cachedSource(asking as never, "usersFrom") as UserDirectory;
  return { ...source, ...readTraits(defined({ uniqueIds, issuers })) };
}

/** Further attributes of users by a function, for the option `sources.user` of an authorizer. See {@link usersFrom}. */
export function userAttributesFrom(options: SourceOptions<Subject, JsonObject>): AttributeSource<Subject> {
  return cachedSource(asked("userAttributesFrom", options, BY_SUBJECT), "userAttributesFrom");
}

/** An agent registry by a function. See {@link usersFrom}. */
export function agentsFrom(options: SourceOptions<string, Agent>): AgentRegistry {
  return cachedSource(asked("agentsFrom", options, BY_NAME), "agentsFrom");
}

/** Further attributes of agents by a function, for the option `sources.agent` of an authorizer. */
export function agentAttributesFrom(options: SourceOptions<string, JsonObject>): AttributeSource<string> {
  return cachedSource(asked("agentAttributesFrom", options, BY_NAME), "agentAttributesFrom");
}

export const TRAIT_ROWS: Rows<UserDirectoryTraits> = {
  uniqueIds: maybe(flag()),
  issuers: maybe(
    list(text("an issuer, such as https://id.acme.example"), "a list of issuers, at least one", { min: 1 }),
  ),
};

const readTraits = optionsOf<UserDirectoryTraits>("usersFrom", TRAIT_ROWS);

function asked<Options extends object, Keys>(called: string, options: Options, keys: Keys): Options & Keys {
  const what = "an object of options";
  if (!isPlainObject(options)) mustBe(called, "options", what, options);
  return reading(called, "options", what, options, (own) => ({ ...own, ...keys }));
}

const BY_SUBJECT = {
  keyOf: (key: Subject): string => subjectIn("find", key).subject,
  tenantOf: (key: Subject): string => subjectIn("find", key).issuer,
};

/** Agents belong to this enforcement point: one registry names them all, whichever user they work for. */
const BY_NAME = { keyOf: (name: string): string => agentIn("find", name), tenantOf: (): string => "" };
