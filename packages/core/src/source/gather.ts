import { faultOf, HopwiseError, isOwn } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { patiently, settleInTime, type Wait } from "../lib/index.ts";
import { flag, maybe, type Shape } from "../options/index.ts";
import { attributesFrom } from "./attributes.ts";
import { type ContextOrigin, lookUp, type Source, sourceShape } from "./source.ts";

/** Attributes from a further source. Policies find them under the source's own name: `attr.<name>`. */
export interface AttributeSource<Key> extends Source<Key, JsonObject> {
  /**
   * Policies are asked without it where it has no answer, or none within half of the authorizer's deadline. By default
   * a source is required: the call is denied with `context_unavailable` where it fails, and with a code of its own where
   * it has nothing (`attributes_missing`, or `resource_unknown` for a resource).
   */
  readonly optional?: boolean;
}

/** One of them, as an option. */
export function attributeSource(example: string): Shape {
  return sourceShape<Pick<AttributeSource<never>, "optional">>(`a source, such as ${example}`, {
    optional: maybe(flag()),
  });
}

/** Further sources, by the name under which policies find their attributes. */
export interface AttributeSources<Key> {
  readonly [name: string]: AttributeSource<Key>;
}

/** The answers of sources, and where each came from. */
export interface Gathered {
  readonly attributes: JsonObject;
  readonly origins: readonly ContextOrigin[];
  /** The required source that has nothing under this key, by its name; the first of several. */
  readonly without?: string;
}

const NOTHING: Gathered = { attributes: {}, origins: [] };

/** How sources are asked for one call. */
export interface Asking {
  readonly hop?: number;
  /** How long to wait for optional sources, in milliseconds: less than the whole call has. Default: for ever. */
  readonly patienceMs?: number;
  /** Waits for the others. Default: for ever. */
  readonly wait?: Wait;
}

/**
 * Asks all further sources about one key at once.
 *
 * @param of the hop's id, or `resource`
 * @returns what they know; that a required one has nothing is told after all have answered, so that it shows in the same
 *   order whatever the key is
 * @throws {HopwiseError} `context_unavailable` where a required source fails; `attributes_invalid` where it does not give
 *   a plain object; `arguments_malformed` where the call's arguments do not say what to ask for
 */
export async function gather<Key>(
  sources: AttributeSources<Key> | undefined,
  key: Key,
  of: string,
  { hop, patienceMs, wait = patiently }: Asking = {},
): Promise<Gathered> {
  if (sources === undefined) return NOTHING;
  const answers = await Promise.all(
    Object.entries(sources).map(async ([name, source]) => {
      try {
        return { name, source, ...(await askOne(source, key, patienceMs, wait)) };
      } catch (cause) {
        if (source.optional === true) return { name, source, value: undefined, ageMs: 0 };
        const pointer = isOwn(cause) ? cause.pointer : undefined;
        const problem = `the source "${name}" of ${of} failed: ${faultOf(cause)}`;
        throw new HopwiseError(codeOf(cause), problem, { hop, pointer, cause });
      }
    }),
  );
  const attributes: { [name: string]: JsonObject } = {};
  const origins = answers.map(({ name, source, value, ageMs }): ContextOrigin => {
    if (value !== undefined) attributes[name] = value;
    return { of, source: source.name ?? name, ageMs, ...(value === undefined && { missing: true }) };
  });
  const without = answers.find(({ source, value }) => value === undefined && source.optional !== true)?.name;
  return { attributes, origins, ...(without !== undefined && { without }) };
}

const PERMANENT = ["attributes_invalid", "arguments_malformed"] as const;

/** What is wrong with attributes or arguments stays wrong; any other error of a source may pass. */
export function codeOf(cause: unknown): (typeof PERMANENT)[number] | "context_unavailable" {
  const code = cause instanceof HopwiseError ? cause.code : undefined;
  return PERMANENT.find((permanent) => permanent === code) ?? "context_unavailable";
}

async function askOne<Key>(
  source: AttributeSource<Key>,
  key: Key,
  patienceMs: number | undefined,
  wait: Wait,
): Promise<{ readonly value: JsonObject | undefined; readonly ageMs: number }> {
  const answer = lookUp(source, key);
  const hurried = source.optional === true && patienceMs !== undefined;
  const { value, ageMs } = await (hurried ? settleInTime(patienceMs, answer) : wait(answer));
  return { value: value === undefined ? undefined : attributesFrom(value), ageMs };
}

/** @throws {HopwiseError} `config_invalid` for a name that Hopwise uses itself */
export function checkSourceNames(where: string, sources: object | undefined, taken: string): void {
  if (sources !== undefined && Object.hasOwn(sources, taken)) {
    throw new HopwiseError("config_invalid", `${where}.${taken} is Hopwise's own name; call the source otherwise`);
  }
}
