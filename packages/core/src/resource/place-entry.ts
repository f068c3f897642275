import { failed, HopwiseError } from "../errors.ts";
import { patiently, type Wait } from "../lib/index.ts";
import { PLACES, type PolicyPlace, placeOf } from "../source/index.ts";
import type { ResourceQuery, ToolEntry } from "./tool-entry.ts";

/** An entry whose scope and version are told, for one call or one item of a list. */
export type PlacedEntry = Omit<ToolEntry, keyof PolicyPlace> & PolicyPlace;

/**
 * Asks the functions that tell the scope and the version of the policies for one call. They never learn who asks: a
 * longer chain could otherwise be judged by other policies.
 *
 * @param named what the tool map calls the entry, for messages
 * @throws {HopwiseError} `context_unavailable` where a function fails; `attributes_invalid` where it gives something that
 *   Cerbos never takes
 */
export async function placeEntry(
  all: ToolEntry,
  query: ResourceQuery,
  wait: Wait = patiently,
  named: string = query.tool,
): Promise<PlacedEntry> {
  // What is written down was checked when the tool map was read.
  if (isPlaced(all)) return all;
  Object.freeze(query); // as in `loadResource`
  const { scope, policyVersion, ...entry } = all;
  const own = { scope, policyVersion };
  const untold = `the policies for "${named}" cannot be told`;
  const tellOne = async (name: keyof PolicyPlace) => [name, await tell(name, own[name], query, wait, untold)] as const;
  const told = await Promise.all(PLACES.map(tellOne));
  const refuse = (problem: string): never => {
    throw new HopwiseError("attributes_invalid", `${untold}: ${problem}`);
  };
  return { ...entry, ...placeOf(Object.fromEntries(told), refuse) };
}

function isPlaced(entry: ToolEntry): entry is PlacedEntry {
  return PLACES.every((name) => typeof entry[name] !== "function");
}

async function tell(
  name: keyof PolicyPlace,
  own: ToolEntry[keyof PolicyPlace],
  query: ResourceQuery,
  wait: Wait,
  untold: string,
): Promise<unknown> {
  if (typeof own !== "function") return own;
  try {
    return await wait(own(query));
  } catch (cause) {
    const message = failed(`${untold}: the function that makes the ${name}`, cause);
    throw new HopwiseError("context_unavailable", message, { cause });
  }
}
