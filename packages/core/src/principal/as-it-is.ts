import type { PublicJwk } from "../crypto/index.ts";
import { allSpellings, defined, MOST_ITEMS } from "../lib/index.ts";
import { isObject } from "../options/index.ts";
import { attributesAsTheyAre } from "../source/index.ts";
import { BOUNDS } from "./check-agent.ts";
import type { Agent, AgentClass, User } from "./sources.ts";
import { OFF_NAMES } from "./switched-off.ts";

/*
 * What a directory or registry gives is an object of the host's, which may become another one at any time: a row that a
 * driver fills anew for the next query, an entity whose members are asked of a database as they are read. What is checked
 * of it must be what is gone by.
 */

type Member = keyof User | keyof Agent;

/** All that is read of a user, an agent or a class. A new member that stood not here would be lost. */
const MEMBERS = Object.keys({
  id: true,
  roles: true,
  attributes: true,
  scope: true,
  policyVersion: true,
  class: true,
  owner: true,
  tools: true,
  maxDepth: true,
  classes: true,
  keys: true,
} satisfies { readonly [Name in Member]: true }) as readonly Member[];

type Given<T> = { [Name in keyof T]: T[Name] };

/**
 * Its members, each read once, and its lists as they are now. Attributes and classes are what they were: they are read once
 * where they are used. What is no user or agent is refused there, too.
 */
export function readOnce<T extends User | Agent | AgentClass>(given: T): T {
  const read: Partial<Given<T>> = {};
  for (const name of MEMBERS as readonly (keyof T)[]) {
    const value = given[name];
    if (value !== undefined) read[name] = listNow(value) as T[keyof T];
  }
  return read as T;
}

function listNow(value: unknown): unknown {
  return Array.isArray(value) && value.length <= MOST_ITEMS ? Array.from(value as unknown[]) : value;
}

const BESIDES = [...allSpellings(BOUNDS), ...OFF_NAMES];
const IS_MEMBER: ReadonlySet<string> = new Set(MEMBERS);

/**
 * The same, with all other names that it has: a bound in another spelling must be found in it, too, and a word that it is
 * there no more. A row of an ORM has its columns as getters of its class, which no copy by `{ ...row }` has.
 */
export function allOf<T extends User | Agent | AgentClass>(given: T): T {
  const row = Object(given) as { readonly [name: string]: unknown };
  const names = new Set([...BESIDES.filter((name) => name in row), ...Object.keys(row)]);
  const all = [...names].map((name) => [name, IS_MEMBER.has(name) ? undefined : row[name]] as const);
  return { ...Object.fromEntries(all), ...readOnce(row as unknown as T) };
}

/** A copy of the whole of it, for an answer that is kept. */
export function asItIs<T extends User | Agent>(given: T): T {
  // What is no object is refused where it is asked about.
  return typeof given === "object" && !Array.isArray(given) ? copyOf(given, new Map()) : given;
}

/** @param known the copies of what was met before: a class may stand within itself */
function copyOf<T extends User | AgentClass>(given: T, known: Map<object, unknown>): T {
  const before = known.get(given);
  if (before !== undefined) return before as T;
  const copy = {};
  known.set(given, copy);
  const { keys, attributes, classes, ...own } = allOf(given) as T & Partial<Agent>;
  return Object.assign(copy, own, {
    ...(keys !== undefined && { keys: keysOf(keys) }),
    ...(attributes !== undefined && { attributes: attributesAsTheyAre(attributes) }),
    ...(classes !== undefined && { classes: classesOf(classes, known) }),
  }) as T;
}

function keysOf(keys: Agent["keys"]): Agent["keys"] {
  return Array.isArray(keys) ? keys.map((key) => (isObject(key) ? keyOf(key) : key)) : keys;
}

/** With all that is asked of a key, also where these are getters of its class. */
function keyOf(key: { readonly [member: string]: unknown }): PublicJwk {
  const { kty, crv, x, y, d, k } = key;
  return { ...key, ...defined({ kty, crv, x, y, d, k }) } as never;
}

function classesOf(classes: NonNullable<AgentClass["classes"]>, known: Map<object, unknown>): AgentClass["classes"] {
  if (!isObject(classes)) return classes;
  const copies = Object.entries(classes).map(
    ([name, one]) => [name, isObject(one) ? copyOf(one, known) : one] as const,
  );
  return Object.fromEntries(copies);
}
