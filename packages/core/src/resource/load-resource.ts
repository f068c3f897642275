import type { Resource } from "@cerbos/core";
import { type ErrorDetail, failed, HopwiseError, isOwn } from "../errors.ts";
import { type JsonObject, pointerTo } from "../json/index.ts";
import { patiently } from "../lib/index.ts";
import { type Asking, attributesFrom, type ContextOrigin, codeOf, gather, isLate } from "../source/index.ts";
import { placeEntry } from "./place-entry.ts";
import type { ResourceQuery, ToolEntry } from "./tool-entry.ts";
import { ARGUMENTS } from "./tool-map.ts";

/** The resource that a call acts on, as policies see it, and the sources of its attributes. */
export interface LoadedResource {
  readonly resource: Resource;
  readonly origins: readonly ContextOrigin[];
  /**
   * `resource_unknown`: its loader, or a required source, knows no such resource. No exception, since policies are asked
   * all the same: else an outage of theirs, or the time it takes, would tell a caller which ids exist.
   */
  readonly notThere?: HopwiseError;
}

/**
 * The resource that a call acts on, loaded once for all hops: attributes of the trusted loader and of further sources,
 * and the arguments.
 *
 * @param asking with what the tool map calls the entry, for messages: of a resource of MCP, the template of its URI
 * @throws {HopwiseError} `arguments_malformed` where the arguments do not name it; `context_unavailable`;
 *   `attributes_invalid` where the loaded attributes, the scope or the version cannot be put to a policy
 */
export async function loadResource(
  entry: ToolEntry,
  query: ResourceQuery,
  { named = query.tool, ...asking }: Asking & { readonly named?: string | undefined } = {},
): Promise<LoadedResource> {
  const { arguments: args } = query;
  const id = resourceId(entry, query.tool, args, named);
  // One question goes to each function of the entry: none changes it for the next, which would look for another resource.
  Object.freeze(query);
  // All are waited for: which of them fails first must not decide what is told.
  const asked = [
    load(entry, query, named, asking.wait),
    gather(entry.sources, query, "resource", asking),
    placeEntry(entry, query, asking.wait, named),
  ] as const;
  const [own, further, place] = await Promise.allSettled(asked);
  if (own.status === "rejected" || further.status === "rejected" || place.status === "rejected") {
    const reasons = [own, further, place].flatMap((it) => (it.status === "rejected" ? [it.reason as unknown] : []));
    throw reasons.find(isLate) ?? reasons[0];
  }
  const { scope, policyVersion } = place.value;
  const { attributes: added, origins, without } = further.value;
  const attributes = own.value ?? {};
  const shown = { ...added, [entry.argumentsAs ?? ARGUMENTS]: withoutHidden(args, entry.hideFromPolicies) };
  const taken = Object.keys(shown).find((name) => Object.hasOwn(attributes, name));
  if (taken !== undefined) {
    const problem = `its loader gave an attribute "${taken}", which is the name of the arguments or of a source`;
    throw untold(named, "attributes_invalid", problem);
  }
  const unknown = own.value === undefined ? "its loader" : without && `the source "${without}"`;
  return {
    resource: {
      kind: entry.kind,
      id,
      attr: { ...attributes, ...shown } as NonNullable<Resource["attr"]>,
      ...(scope !== undefined && { scope }),
      ...(policyVersion !== undefined && { policyVersion }),
    },
    origins: entry.attributes === undefined ? origins : [ownOrigin(own.value), ...origins],
    ...(unknown && { notThere: notThere(named, unknown) }),
  };
}

/** The loader's attributes; undefined where it knows no such resource. */
async function load(
  { attributes }: ToolEntry,
  query: ResourceQuery,
  named: string,
  wait = patiently,
): Promise<JsonObject | undefined> {
  if (attributes === undefined) return {};
  try {
    const found = await wait(attributes(query.arguments, query));
    // Databases return null for what they do not have.
    return found === undefined || found === null ? undefined : attributesFrom(found);
  } catch (cause) {
    const why = isOwn(cause) ? cause.message : failed("its loader", cause);
    throw untold(named, codeOf(cause), why, { cause });
  }
}

function ownOrigin(found: JsonObject | undefined): ContextOrigin {
  return { of: "resource", source: "tool map", ageMs: 0, ...(found === undefined && { missing: true }) };
}

function untold(
  named: string,
  code: "context_unavailable" | "attributes_invalid" | "arguments_malformed",
  problem: string,
  detail?: ErrorDetail,
): HopwiseError {
  return new HopwiseError(code, `the resource of "${named}" could not be told: ${problem}`, detail);
}

function notThere(named: string, who: string): HopwiseError {
  return new HopwiseError("resource_unknown", `${who} knows no such resource as "${named}" was called for`, { hop: 0 });
}

function withoutHidden(args: JsonObject, hidden: readonly string[] | undefined): JsonObject {
  if (hidden === undefined) return args;
  return Object.fromEntries(Object.entries(args).filter(([name]) => !hidden.includes(name)));
}

/** Of the arguments alone, so one that cannot be told is the caller's fault, and stays one. */
function resourceId({ id }: ToolEntry, tool: string, args: JsonObject, named: string): string {
  if (id === undefined) return tool;
  if (typeof id === "string") {
    const value = Object.hasOwn(args, id) ? args[id] : undefined;
    if ((typeof value === "string" && value !== "") || typeof value === "number") return String(value);
    const problem = `the argument "${id}", which has its id, is ${value === "" ? "empty" : "neither a text nor a number"}`;
    throw untold(named, "arguments_malformed", problem, { pointer: pointerTo("", id) });
  }
  let made: unknown;
  try {
    made = id(args, tool);
  } catch (cause) {
    if (codeOf(cause) === "attributes_invalid")
      throw untold(named, "attributes_invalid", failed("the function that makes its id", cause), { cause });
    throw untold(named, "arguments_malformed", "the function that makes its id failed on these arguments", { cause });
  }
  if (typeof made === "string" && made !== "") return made;
  if (made === undefined || made === "")
    throw untold(named, "arguments_malformed", "the function that makes its id gave none for these arguments");
  throw untold(named, "attributes_invalid", "the function that makes its id gave no text");
}
