import { LRUCache } from "lru-cache";
import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { CLOCK, flag, func, jsonObject, maybe, number, type Rows, text, whole } from "../options/index.ts";
import { alone, inOneMoment, type Many, type One, together } from "./asking.ts";
import type { AttributeSource } from "./gather.ts";
import type { Found, Source } from "./source.ts";

export type CachedSourceOptions<Key, Value> = (One<Key, Value> | Many<Key, Value>) & {
  /** The source's name in records. */
  readonly name: string;
  /** JSON Schema of the attributes it gives; for `describeContext`. */
  readonly schema?: JsonObject;
  /** See {@link AttributeSource}. */
  readonly optional?: boolean;
  /** The key as text. Two keys with the same text are the same key. */
  readonly keyOf: (key: Key) => string;
  /**
   * The owner of the key: an issuer, a tenant. One query never mixes two owners, and an answer for one is never used
   * for another.
   */
  readonly tenantOf: (key: Key) => string;
  /** How long an answer may be used again, in milliseconds; what is kept is a copy of it. Default 0: the source is asked each time. */
  readonly ttlMs?: number;
  /** The same for an answer of `undefined`. Default 0. */
  readonly negativeTtlMs?: number;
  /** How long it may take to answer, in milliseconds. Default 1000. */
  readonly deadlineMs?: number;
  /** How many answers are kept. Default 10,000. */
  readonly maxEntries?: number;
  /** How many keys are asked for at once, with `findMany`. Default 100. */
  readonly maxBatch?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
};

const DAY_MS = 86_400_000;

type Members = Omit<CachedSourceOptions<never, never>, "find" | "findMany"> & One<never, never> & Many<never, never>;

/** What a source takes, whatever it asks: read by the functions that programs call. */
export const ANSWER_ROWS: Rows<Omit<Members, "find" | "findMany" | "keyOf" | "tenantOf">> = {
  name: text("a name for records, such as hr"),
  schema: maybe(jsonObject("a JSON Schema")),
  optional: maybe(flag()),
  ttlMs: maybe(number({ min: 0, max: 365 * DAY_MS, example: 60_000 })),
  negativeTtlMs: maybe(number({ min: 0, max: 365 * DAY_MS, example: 5000 })),
  deadlineMs: maybe(number({ min: 1, max: 600_000, example: 1000 })),
  maxEntries: maybe(whole({ min: 1, max: 10_000_000, example: 10_000 })),
  maxBatch: maybe(whole({ min: 1, max: 100_000, example: 100 })),
  clock: maybe(CLOCK),
};

/** With the two ways of asking, of which one must be there. */
export const ASKING_ROWS: Rows<Omit<Members, "keyOf" | "tenantOf">> = {
  ...ANSWER_ROWS,
  find: maybe(func("a function that asks for one key")),
  findMany: maybe(func("a function that asks for many keys")),
};

interface Kept<Value> {
  readonly value: Value | undefined;
  readonly age: () => number;
}

/**
 * Makes a source of a function: keys of one turn of the event loop go into one question (`findMany`), a key is asked
 * for once in a moment, an answer is used again within its time, and each question has a deadline. Errors are not kept.
 *
 * @param options read by {@link ASKING_ROWS} or {@link ANSWER_ROWS}
 * @param called the function as its callers type it, for errors
 * @param asItIs copies an answer that is kept: its host may change what it gave, or fill the same row with another key's answer
 * @throws {HopwiseError} `config_invalid` unless there is one way to ask; the source's `find` rejects with what the function threw, or when
 *   the deadline has passed
 */
export function cachedSource<Key, Value>(
  options: CachedSourceOptions<Key, Value>,
  called: string,
  asItIs: (value: Value) => Value,
): Source<Key, Value> & Pick<AttributeSource<Key>, "optional"> {
  const { find, findMany } = options as Partial<Members>;
  if ((find === undefined) === (findMany === undefined)) {
    const problem = find === undefined ? "find is missing" : "find and findMany are two ways to ask";
    throw new HopwiseError("config_invalid", `${called}: ${problem}; give find or findMany, a function that asks`);
  }
  const { name, keyOf, tenantOf, ttlMs = 0, negativeTtlMs = 0, deadlineMs = 1000, maxEntries = 10_000 } = options;
  const { maxBatch = 100, clock = Date.now } = options;
  const kept = new LRUCache<string, Kept<Value>>({ max: maxEntries });
  const ask =
    findMany === undefined
      ? alone(options as One<Key, Value>, deadlineMs)
      : together(options as Parameters<typeof together<Key, Value>>[0], deadlineMs, maxBatch);

  const ttlOf = (value: Value | undefined): number => (value === undefined ? negativeTtlMs : ttlMs);

  const fetch = async (key: Key, id: string, age: () => number): Promise<Found<Value>> => {
    // Databases return null for an unknown key.
    const value = (await ask(key)) ?? undefined;
    // An answer that is not used again must not displace one that is.
    if (ttlOf(value) === 0) return { value, ageMs: 0 };
    const own = value === undefined ? undefined : asItIs(value);
    kept.set(id, { value: own, age });
    return { value: own, ageMs: 0 };
  };

  const answer = inOneMoment(fetch, ttlMs, clock);
  const look = (key: Key): Found<Value> | Promise<Found<Value>> => {
    const id = JSON.stringify([tenantOf(key), keyOf(key)]);
    const known = kept.get(id);
    if (known !== undefined) {
      const ageMs = known.age();
      if (ageMs < ttlOf(known.value)) return { value: known.value, ageMs };
      kept.delete(id);
    }
    return answer(key, id);
  };

  return {
    name,
    ...(options.schema !== undefined && { schema: options.schema }),
    ...(options.optional !== undefined && { optional: options.optional }),
    look,
    find: async (key) => (await look(key)).value,
  };
}
