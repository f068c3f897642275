import { HopwiseError } from "../errors.ts";
import { freezeJson, isJsonObject, type JsonObject, type JsonValue } from "../json/index.ts";
import { settleInTime } from "../lib/index.ts";
import { type ContextOrigin, faultOf, lookUp, type Source } from "./source.ts";

/** Attributes from a further source. Policies find them under the source's own name: `attr.<name>`. */
export interface AttributeSource<Key> extends Source<Key, JsonObject> {
  /**
   * Policies are asked without it where it has no answer, or none within half of the authorizer's deadline. By default
   * a source is required, and the call is denied with `context_unavailable`.
   */
  readonly optional?: boolean;
}

/** Further sources, by the name under which policies find their attributes. */
export interface AttributeSources<Key> {
  readonly [name: string]: AttributeSource<Key>;
}

/** The answers of sources, and where each came from. */
export interface Gathered {
  readonly attributes: JsonObject;
  readonly origins: readonly ContextOrigin[];
}

const ATTRIBUTE_LIMITS = { maxDepth: 16, maxSize: 256 * 1024 };

const NOTHING: Gathered = { attributes: {}, origins: [] };

/** How sources are asked for one call. */
export interface Asking {
  readonly hop?: number;
  /** How long to wait for optional sources, in milliseconds: less than the whole call has. Default: for ever. */
  readonly patienceMs?: number;
}

/**
 * Asks all further sources about one key at once.
 *
 * @param of the hop's id, or `resource`
 * @throws {HopwiseError} `context_unavailable` where a required source has no answer or fails; `attributes_invalid`
 *   where it does not give a plain object
 */
export async function gather<Key>(
  sources: AttributeSources<Key> | undefined,
  key: Key,
  of: string,
  { hop, patienceMs }: Asking = {},
): Promise<Gathered> {
  if (sources === undefined) return NOTHING;
  const answers = await Promise.all(
    Object.entries(sources).map(async ([name, source]) => {
      try {
        return { name, source, ...(await askOne(source, key, patienceMs)) };
      } catch (cause) {
        if (source.optional === true) return { name, source, value: undefined, ageMs: 0 };
        const why = cause instanceof HopwiseError ? cause.message : faultOf(cause);
        throw new HopwiseError(codeOf(cause), `the source "${name}" of ${of} failed: ${why}`, { hop, cause });
      }
    }),
  );
  const attributes: { [name: string]: JsonObject } = {};
  const origins = answers.map(({ name, source, value, ageMs }): ContextOrigin => {
    if (value !== undefined) attributes[name] = value;
    return { of, source: source.name ?? name, ageMs, ...(value === undefined && { missing: true }) };
  });
  return { attributes, origins };
}

/** Unusable attributes stay unusable; any other error of a source may pass. */
export function codeOf(cause: unknown): "attributes_invalid" | "context_unavailable" {
  return cause instanceof HopwiseError && cause.code === "attributes_invalid" ? cause.code : "context_unavailable";
}

async function askOne<Key>(
  source: AttributeSource<Key>,
  key: Key,
  patienceMs: number | undefined,
): Promise<{ readonly value: JsonObject | undefined; readonly ageMs: number }> {
  const answer = lookUp(source, key);
  const hurried = source.optional === true && patienceMs !== undefined;
  const { value, ageMs } = await (hurried ? settleInTime(patienceMs, answer) : answer);
  if (value === undefined && source.optional !== true) {
    throw new HopwiseError("context_unavailable", "it has nothing; make it optional where that may be");
  }
  return { value: value === undefined ? undefined : attributesFrom(value), ageMs };
}

/**
 * Attributes as plain, frozen data.
 *
 * @throws {HopwiseError} `attributes_invalid`
 */
export function attributesFrom(value: unknown): JsonObject {
  let plain: JsonValue;
  try {
    plain = freezeJson(value, ATTRIBUTE_LIMITS);
  } catch (cause) {
    throw new HopwiseError("attributes_invalid", "what it gave is not plain JSON", { cause });
  }
  if (!isJsonObject(plain)) throw new HopwiseError("attributes_invalid", "what it gave is not an object");
  return plain;
}

/** @throws {HopwiseError} `config_invalid` for a name that Hopwise uses itself */
export function checkSourceNames(where: string, sources: object | undefined, taken: string): void {
  if (sources !== undefined && Object.hasOwn(sources, taken)) {
    throw new HopwiseError("config_invalid", `${where}.${taken} is Hopwise's own name; call the source otherwise`);
  }
}
