import DataLoader from "dataloader";
import { LRUCache } from "lru-cache";
import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { withDeadline } from "../lib/index.ts";
import type { AttributeSource } from "./gather.ts";
import type { Found, Source } from "./source.ts";

/** How a source asks for one key. */
export type One<Key, Value> = {
  find(key: Key, context: { readonly signal: AbortSignal }): Value | undefined | Promise<Value | undefined>;
};

/**
 * How a source asks for many keys at once: answers in the order of the keys, `undefined` where there is none, an
 * `Error` where one cannot be told.
 */
export type Many<Key, Value> = {
  findMany(
    keys: readonly Key[],
    context: { readonly signal: AbortSignal },
  ): Promise<readonly (Value | undefined | Error)[]>;
};

export type CachedSourceOptions<Key, Value> = (One<Key, Value> | Many<Key, Value>) & {
  /** What records call it. */
  readonly name: string;
  /** JSON Schema of the attributes it gives; for `describeContext`. */
  readonly schema?: JsonObject;
  /** See {@link AttributeSource}. */
  readonly optional?: boolean;
  /** The key as text. Two keys with the same text are the same key. */
  readonly keyOf: (key: Key) => string;
  /** Whose the key is: an issuer, a tenant. Keys of two of them are never asked for together, nor taken for each other. */
  readonly tenantOf: (key: Key) => string;
  /** How long an answer may be used again, in milliseconds. Default 0: it is asked each time. */
  readonly ttlMs?: number;
  /** The same for "there is none". Default 0. */
  readonly negativeTtlMs?: number;
  /** How long it may take to answer, in milliseconds. Default 1000. */
  readonly deadlineMs?: number;
  /** How many answers are kept. Default 10,000. */
  readonly maxEntries?: number;
  /** How many keys are asked for at once, with `findMany`. Default 100. */
  readonly maxBatch?: number;
  /** A clock that only goes forward, in milliseconds. */
  readonly clock?: () => number;
};

interface Kept<Value> {
  readonly value: Value | undefined;
  readonly at: number;
}

/**
 * Makes a source of a function that asks: questions of one turn go together (`findMany`), a key is asked for once at a
 * time, an answer is used again within its time, and each question has a deadline. Errors are not kept.
 *
 * @throws {HopwiseError} `config_invalid` for a negative or endless time; the source's `find` rejects with what the
 *   function threw, or when the deadline has passed
 */
export function cachedSource<Key, Value>(
  options: CachedSourceOptions<Key, Value>,
): Source<Key, Value> & Pick<AttributeSource<Key>, "optional"> {
  const { name, keyOf, tenantOf, ttlMs = 0, negativeTtlMs = 0, deadlineMs = 1000, maxEntries = 10_000 } = options;
  const { maxBatch = 100, clock = () => performance.now() } = options;
  checkNumbers(name, { ttlMs, negativeTtlMs }, 0);
  checkNumbers(name, { deadlineMs, maxEntries, maxBatch }, 1);
  const kept = new LRUCache<string, Kept<Value>>({ max: maxEntries });
  const asked = new Map<string, Promise<Found<Value>>>();
  const ask = "findMany" in options ? together(options, deadlineMs, maxBatch) : alone(options, deadlineMs);

  const ttlOf = (value: Value | undefined): number => (value === undefined ? negativeTtlMs : ttlMs);

  const fetch = async (key: Key, id: string): Promise<Found<Value>> => {
    const at = clock(); // what it says may be as old as the question
    // Databases say null where they have nothing.
    const value = (await ask(key)) ?? undefined;
    // What is not used again takes no place from what is.
    if (ttlOf(value) > 0) kept.set(id, { value, at });
    return { value, ageMs: 0 };
  };

  const look = (key: Key): Found<Value> | Promise<Found<Value>> => {
    const id = JSON.stringify([tenantOf(key), keyOf(key)]);
    const known = kept.get(id);
    if (known !== undefined) {
      const ageMs = Math.max(0, clock() - known.at);
      if (ageMs < ttlOf(known.value)) return { value: known.value, ageMs };
      kept.delete(id);
    }
    const under = asked.get(id) ?? fetch(key, id).finally(() => asked.delete(id));
    asked.set(id, under);
    return under;
  };

  return {
    name,
    ...(options.schema !== undefined && { schema: options.schema }),
    ...(options.optional !== undefined && { optional: options.optional }),
    look,
    find: async (key) => (await look(key)).value,
  };
}

function alone<Key, Value>({ find }: One<Key, Value>, deadlineMs: number): (key: Key) => Promise<Value | undefined> {
  return (key) =>
    withDeadline(deadlineMs, (signal, expired) =>
      Promise.race([Promise.resolve().then(() => find(key, { signal })), expired]),
    );
}

/** One loader a tenant, as long as it has questions: nothing of one tenant is in a batch of another. */
function together<Key, Value>(
  { findMany, tenantOf }: Many<Key, Value> & Pick<CachedSourceOptions<Key, Value>, "tenantOf">,
  deadlineMs: number,
  maxBatch: number,
): (key: Key) => Promise<Value | undefined> {
  const loaders = new Map<string, DataLoader<Key, Value | undefined>>();
  return (key) => {
    const tenant = tenantOf(key);
    let loader = loaders.get(tenant);
    if (loader === undefined) {
      loader = new DataLoader(
        (keys) => {
          loaders.delete(tenant);
          return withDeadline(deadlineMs, (signal, expired) =>
            Promise.race([Promise.resolve().then(() => findMany(keys, { signal })), expired]),
          ) as Promise<ArrayLike<Value | undefined | Error>>;
        },
        { cache: false, maxBatchSize: maxBatch },
      );
      loaders.set(tenant, loader);
    }
    return loader.load(key);
  };
}

function checkNumbers(name: string, numbers: { readonly [option: string]: number }, least: number): void {
  for (const [option, value] of Object.entries(numbers)) {
    if (!(value >= least && Number.isFinite(value))) {
      throw new HopwiseError("config_invalid", `source "${name}": ${option} must be a number of at least ${least}`);
    }
  }
}
