import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { type AttributeSource, type CachedSourceOptions, cachedSource, type Many, type One } from "../source/index.ts";
import type { ResourceQuery } from "./tool-map.ts";

/** Which thing of whom a loader is asked for. */
export interface ResourceKey {
  /** The value of the argument that `key` names, whatever that is called. */
  readonly id: string;
  /** Things of two tenants are never asked for together, nor taken for each other. */
  readonly tenant: string;
}

export type ResourceSourceOptions = (One<ResourceKey, JsonObject> | Many<ResourceKey, JsonObject>) &
  Omit<CachedSourceOptions<ResourceKey, JsonObject>, "find" | "findMany" | "keyOf" | "tenantOf"> & {
    /** The thing that a call is about: the name of the argument that has its id, or a function. */
    readonly key: string | ((args: JsonObject) => string);
  };

/**
 * Attributes of resources by a function, for `sources` of a tool map's entry: asked for once at a time, many together,
 * and used again for as long as you say.
 *
 * ```ts
 * const invoices = resourceAttributesFrom({ name: "invoices", key: "id", ttlMs: 5_000, find: ({ id }) => db.invoice(id) });
 * const tools: ToolMap = { read_invoice: { kind: "invoice", action: "read", id: "id", sources: { invoice: invoices } } };
 * ```
 *
 * @throws {HopwiseError} `config_invalid` for times that cannot be right
 */
export function resourceAttributesFrom({ key, ...options }: ResourceSourceOptions): AttributeSource<ResourceQuery> {
  const source = cachedSource<ResourceKey, JsonObject>({
    ...options,
    keyOf: ({ id }) => id,
    tenantOf: ({ tenant }) => tenant,
  });
  const keyIn = ({ arguments: args, tenant }: ResourceQuery): ResourceKey => {
    const id = typeof key === "function" ? key(args) : Object.hasOwn(args, key) ? args[key] : undefined;
    if (typeof id !== "string" && typeof id !== "number") {
      const which = typeof key === "function" ? "what its key function gave" : `the argument "${key}"`;
      throw new HopwiseError("context_unavailable", `${which} is no text and no number`);
    }
    return { id: String(id), tenant };
  };
  const { look } = source;
  return {
    ...source,
    find: (query) => source.find(keyIn(query)),
    look: (query) => (look as NonNullable<typeof look>)(keyIn(query)),
  };
}
