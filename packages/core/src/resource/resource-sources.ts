import { HopwiseError } from "../errors.ts";
import { type JsonObject, pointerTo } from "../json/index.ts";
import { atOnce, either, isObject, mustBe, optionsOf, type Rows, reading, text } from "../options/index.ts";
import {
  ASKING_ROWS,
  type AttributeSource,
  attributesAsTheyAre,
  type CachedSourceOptions,
  cachedSource,
  type Many,
  type One,
} from "../source/index.ts";
import type { ResourceQuery } from "./tool-entry.ts";

/** A resource and its tenant, for which a loader is asked. */
export interface ResourceKey {
  /** The value of the argument that `key` names. */
  readonly id: string;
  /** One query never mixes two tenants, and an answer for one is never used for another. */
  readonly tenant: string;
}

export type ResourceSourceOptions = (One<ResourceKey, JsonObject> | Many<ResourceKey, JsonObject>) &
  Omit<CachedSourceOptions<ResourceKey, JsonObject>, "find" | "findMany" | "keyOf" | "tenantOf"> & {
    /** The resource of a call: the name of the argument that has its id, or a function. */
    readonly key: string | ((args: JsonObject) => string);
  };

const QUERY = "the question about a resource, { tool, arguments, tenant }";
const KEY = "the name of the argument that has the id, or a function that gives it";

const readOptions = optionsOf<ResourceSourceOptions>("resourceAttributesFrom", {
  ...ASKING_ROWS,
  key: either(KEY, text(KEY), atOnce(KEY)),
} as Rows<ResourceSourceOptions>);

/**
 * Attributes of resources by a function, for `sources` of a tool map's entry: one request at a time for a resource,
 * many resources in one request, and answers kept for as long as you set.
 *
 * ```ts
 * const invoices = resourceAttributesFrom({ name: "invoices", key: "id", ttlMs: 5_000, find: ({ id }) => db.invoice(id) });
 * const tools: ToolMap = { read_invoice: { kind: "invoice", action: "read", id: "id", sources: { invoice: invoices } } };
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right
 */
export function resourceAttributesFrom(given: ResourceSourceOptions): AttributeSource<ResourceQuery> {
  const { key, ...options } = readOptions(given);
  const source = cachedSource<ResourceKey, JsonObject>(
    {
      ...options,
      keyOf: ({ id }) => id,
      tenantOf: ({ tenant }) => tenant,
    },
    "resourceAttributesFrom",
    attributesAsTheyAre,
  );
  const keyIn = (query: ResourceQuery): ResourceKey => {
    const { arguments: args, tenant } = reading("find", "query", QUERY, query, (given) => ({ ...given }));
    if (!isObject(args) || typeof tenant !== "string") return mustBe("find", "query", QUERY, query);
    const id = typeof key === "function" ? made(key, args) : Object.hasOwn(args, key) ? args[key] : undefined;
    if ((typeof id === "string" && id !== "") || typeof id === "number") return { id: String(id), tenant };
    const which = typeof key === "function" ? "what its key function gave" : `the argument "${key}"`;
    const problem = id === "" ? "empty" : "neither a text nor a number";
    throw new HopwiseError("arguments_malformed", `${which} is ${problem}`, {
      pointer: typeof key === "string" ? pointerTo("", key) : undefined,
    });
  };
  const { look } = source;
  return {
    ...source,
    find: (query) => source.find(keyIn(query)),
    look: (query) => (look as NonNullable<typeof look>)(keyIn(query)),
  };
}

/** A key is made of the arguments alone: where that fails, it fails for these arguments every time. */
function made(key: (args: JsonObject) => string, args: JsonObject): unknown {
  try {
    return key(args);
  } catch (cause) {
    throw new HopwiseError("arguments_malformed", "its key function failed on these arguments", { cause });
  }
}
