import type { Resource } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { type Asking, attributesFrom, type ContextOrigin, codeOf, gather } from "../source/index.ts";
import { placeEntry } from "./place-entry.ts";
import { ARGUMENTS, type ResourceQuery, type ToolEntry } from "./tool-map.ts";

/** The resource that a call acts on, as policies see it, and the sources of its attributes. */
export interface LoadedResource {
  readonly resource: Resource;
  readonly origins: readonly ContextOrigin[];
}

/**
 * The resource that a call acts on, loaded once for all hops: attributes of the trusted loader and of further sources,
 * and the arguments.
 *
 * @throws {HopwiseError} `context_unavailable`; `attributes_invalid` where the loaded attributes, the scope or the version
 *   cannot be put to a policy
 */
export async function loadResource(
  entry: ToolEntry,
  query: ResourceQuery,
  asking: Asking = {},
): Promise<LoadedResource> {
  const { tool, arguments: args } = query;
  const untold = (code: "context_unavailable" | "attributes_invalid", problem: string, cause?: unknown): never => {
    throw new HopwiseError(code, `the resource of "${tool}" could not be told: ${problem}`, { cause });
  };
  const load = async (): Promise<JsonObject> => {
    if (entry.attributes === undefined) return {};
    try {
      return attributesFrom(await entry.attributes(args, query));
    } catch (cause) {
      return untold(codeOf(cause), cause instanceof HopwiseError ? cause.message : "its loader failed", cause);
    }
  };
  const [attributes, { attributes: added, origins }, { scope, policyVersion }] = await Promise.all([
    load(),
    gather(entry.sources, query, "resource", asking),
    placeEntry(entry, query),
  ]);
  const shown = { ...added, [entry.argumentsAs ?? ARGUMENTS]: withoutHidden(args, entry.hideFromPolicies) };
  const taken = Object.keys(shown).find((name) => Object.hasOwn(attributes, name));
  if (taken !== undefined) {
    untold(
      "attributes_invalid",
      `its loader gave an attribute "${taken}", which is the name of the arguments or of a source`,
    );
  }
  let id: string | undefined;
  try {
    id = resourceId(entry, tool, args);
  } catch (cause) {
    untold("context_unavailable", "the function that makes its id failed", cause);
  }
  return {
    resource: {
      kind: entry.kind,
      id: id || untold("context_unavailable", "it has no id"),
      attr: { ...attributes, ...shown } as NonNullable<Resource["attr"]>,
      ...(scope !== undefined && { scope }),
      ...(policyVersion !== undefined && { policyVersion }),
    },
    origins: entry.attributes === undefined ? origins : [{ of: "resource", source: "tool map", ageMs: 0 }, ...origins],
  };
}

function withoutHidden(args: JsonObject, hidden: readonly string[] | undefined): JsonObject {
  if (hidden === undefined) return args;
  return Object.fromEntries(Object.entries(args).filter(([name]) => !hidden.includes(name)));
}

function resourceId(entry: ToolEntry, tool: string, args: JsonObject): string | undefined {
  if (entry.id === undefined) return tool;
  if (typeof entry.id === "string") {
    const value = Object.hasOwn(args, entry.id) ? args[entry.id] : undefined;
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  }
  return entry.id(args, tool);
}
