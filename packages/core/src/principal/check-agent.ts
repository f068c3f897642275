import { HopwiseError } from "../errors.ts";
import { dropPromises, hiddenInName, isListOf, isThenable, MOST_ITEMS, otherSpelling } from "../lib/index.ts";
import { PLACES, type PolicyPlace } from "../source/index.ts";
import type { Agent, AgentClass } from "./sources.ts";

/** Those of every principal, which are read where principals are made. */
type OfAnyPrincipal = "roles" | "attributes" | keyof PolicyPlace;

interface Row {
  readonly what: string;
  readonly fits: (given: unknown) => boolean;
}

/** What an agent's class may say of it. A member that is left out sets no bound, so none is taken for left out by mistake. */
const OF_A_CLASS: { readonly [Member in Exclude<keyof AgentClass, OfAnyPrincipal>]-?: Row } = {
  class: { what: "a name without hidden characters or a space at an end", fits: isName },
  owner: { what: "a name without hidden characters or a space at an end", fits: isName },
  tools: {
    what: `a list of tools' names, at most ${MOST_ITEMS}; "*" is none: for every tool, leave tools out`,
    fits: (given) => isListOf(given, (tool) => isText(tool) && tool !== "*", MOST_ITEMS),
  },
  maxDepth: { what: "a number", fits: (given) => typeof given === "number" },
  classes: { what: "classes by name", fits: isObject },
};
const KEYS: Row = {
  what: `a list of public JWKs or thumbprints, at most ${MOST_ITEMS}`,
  fits: (given) => isListOf(given, (key) => isText(key) || isObject(key), MOST_ITEMS),
};

/** What bounds an agent, or says which policies are asked, where it is there. */
export const BOUNDS: readonly string[] = ["tools", "maxDepth", ...PLACES];
const otherBound = otherSpelling(BOUNDS);

const MEMBERS = Object.entries(OF_A_CLASS) as [keyof typeof OF_A_CLASS, Row][];

/**
 * What a registry says of an agent, or of a class, is of the form that its type says. Registries give what databases have: a
 * number as a text, `null`, a promise that nobody awaited.
 *
 * @throws {HopwiseError} `agent_invalid`
 */
export function checkClass(agent: AgentClass, name: string, hop: number): void {
  for (const [member, row] of MEMBERS) {
    const given = agent[member];
    if (given !== undefined && !row.fits(given)) refuse(member, row, given, name, hop);
  }
}

/**
 * Nor does it have a bound in another spelling.
 *
 * @param given as the registry gave it, with all its names
 * @param read its members, as they were read
 * @throws {HopwiseError} `agent_invalid`
 */
export function checkSpelling(given: AgentClass, name: string, hop: number, read: AgentClass = given): void {
  const spelt = otherBound(given, read);
  if (spelt === undefined) return;
  const message = `the agent registry gave for "${name}" a member ${spelt[0]}, which is not read and would bound nothing: call it ${spelt[1]}, or leave it out`;
  throw new HopwiseError("agent_invalid", message, { hop });
}

/** The same for the keys of an agent that is registered. @throws {HopwiseError} `agent_invalid` */
export function checkedKeys({ keys }: Agent, name: string, hop: number): Agent["keys"] {
  return KEYS.fits(keys) ? keys : refuse("keys", KEYS, keys, name, hop);
}

function refuse(member: string, { what }: Row, given: unknown, name: string, hop: number): never {
  dropPromises(given);
  const message = `the agent registry gave for "${name}" what is no agent: its ${member} should be ${what}`;
  throw new HopwiseError("agent_invalid", message, { hop });
}

function isText(given: unknown): given is string {
  return typeof given === "string";
}

function isName(given: unknown): boolean {
  return isText(given) && hiddenInName(given) === undefined;
}

function isObject(given: unknown): boolean {
  return typeof given === "object" && given !== null && !isThenable(given);
}
