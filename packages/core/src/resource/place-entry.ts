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
 * @throws {HopwiseError} `context_unavailable` where a function fails; `attributes_invalid` where it gives something that
 *   Cerbos never takes
 */
export async function placeEntry(all: ToolEntry, query: ResourceQuery, wait: Wait = patiently): Promise<PlacedEntry> {
  // What is written down was checked when the tool map was read.
  if (isPlaced(all)) return all;
  const { scope, policyVersion, ...entry } = all;
  const own = { scope, policyVersion };
  const told = await Promise.all(PLACES.map(async (name) => [name, await tell(name, own[name], query, wait)] as const));
  const refuse = (problem: string): never => {
    throw new HopwiseError("attributes_invalid", `the policies for "${query.tool}" cannot be told: ${problem}`);
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
): Promise<unknown> {
  if (typeof own !== "function") return own;
  try {
    return await wait(own(query));
  } catch (cause) {
    throw new HopwiseError(
      "context_unavailable",
      failed(`the policies for "${query.tool}" cannot be told: the function that makes the ${name}`, cause),
      { cause },
    );
  }
}
