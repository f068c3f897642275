import DataLoader from "dataloader";
import { HopwiseError } from "../errors.ts";
import { type Awaitable, ageBy, withDeadline } from "../lib/index.ts";
import type { Found } from "./source.ts";

/** How a source asks for one key. */
export type One<Key, Value> = {
  find(key: Key, context: { readonly signal: AbortSignal }): Value | undefined | Promise<Value | undefined>;
};

/**
 * How a source asks for many keys at once: it answers in the order of the keys, with `undefined` for an unknown key and
 * an `Error` for a key that failed.
 */
export type Many<Key, Value> = {
  findMany(
    keys: readonly Key[],
    context: { readonly signal: AbortSignal },
  ): Promise<readonly (Value | undefined | Error)[]>;
};

/** How a key is told from others, and whose it is. */
interface Keys<Key> {
  keyOf(key: Key): string;
  tenantOf(key: Key): string;
}

export function alone<Key, Value>(
  { find }: One<Key, Value>,
  deadlineMs: number,
): (key: Key) => Promise<Value | undefined> {
  return (key) => inTime(deadlineMs, (context) => find(key, context));
}

/** What a host's function gives. It need not listen to the signal, and may throw at once. */
function inTime<T>(deadlineMs: number, run: (context: { readonly signal: AbortSignal }) => Awaitable<T>): Promise<T> {
  return withDeadline(deadlineMs, (signal, expired) =>
    Promise.race([Promise.resolve().then(() => run({ signal })), expired]),
  );
}

/** One loader a tenant, as long as it has questions: a batch never mixes two tenants. */
export function together<Key, Value>(
  { findMany, keyOf, tenantOf }: Many<Key, Value> & Keys<Key>,
  deadlineMs: number,
  maxBatch: number,
): (key: Key) => Promise<Value | undefined> {
  const loaders = new Map<string, DataLoader<Key, Value | undefined>>();
  return (key) => {
    const tenant = tenantOf(key);
    let loader = loaders.get(tenant);
    if (loader === undefined) {
      loader = new DataLoader(
        (asked) => {
          loaders.delete(tenant);
          // The loader goes by the order of its own list: one that is sorted in place would give users the roles of others.
          const keys = Object.freeze([...asked]);
          return inTime(deadlineMs, (context) => findMany(keys, context)).then((given) => {
            const answers = oneForEach(keys, given);
            checkPlaces(keys.map(keyOf), answers);
            return answers;
          });
        },
        { cache: false, maxBatchSize: maxBatch },
      );
      loaders.set(tenant, loader);
    }
    return loader.load(key);
  };
}

/** With fewer answers than keys, or more, nobody knows whose each is: rows of a query that found only some, for example. */
function oneForEach<Value>(keys: readonly unknown[], given: readonly Value[]): readonly Value[] {
  if (Array.isArray(given) && given.length === keys.length) return given;
  const came = Array.isArray(given) ? `${given.length} for ${keys.length}` : "no list";
  throw new HopwiseError(
    "attributes_invalid",
    `its findMany must give a list with one answer for each key, in the order of the keys; got ${came}`,
  );
}

/**
 * The rows of a query come as the table has them. Where as many come as were asked for, their number says nothing, but an `id` tells
 * whose a row is. One row for two keys is no mistake: of two accounts that were made one, both have it.
 */
function checkPlaces(keys: readonly string[], answers: readonly unknown[]): void {
  const places = new Map(keys.map((key, place) => [key, place]));
  const owners = answers.map((answer) => places.get(String(Object(answer).id)));
  if (owners.every((owner, place) => owner === undefined || owner === place || owners[owner] === owner)) return;
  throw new HopwiseError(
    "attributes_invalid",
    "its findMany gave the answer for one key in the place of another, as their ids show; it must answer in the order of the keys: keys.map((key) => …); where the id is of something else, leave it out",
  );
}

/** A question that has no answer yet. */
interface UnderWay<Value> {
  readonly answer: Promise<Found<Value>>;
  readonly age: () => number;
}

/** A question that is no older than this waits for the answer to one that is under way, where no answer may be used again. */
const SAME_MOMENT_MS = 50;

/**
 * Asks for a key once in a moment. Of an older question that is still under way, the answer may be of a time before a role was taken
 * away, or the source may have been down then.
 *
 * @param ask gets the key, what tells it from others, and how old the question is
 */
export function inOneMoment<Key, Value>(
  ask: (key: Key, id: string, age: () => number) => Promise<Found<Value>>,
  ttlMs: number,
  clock: () => number,
): (key: Key, id: string) => Promise<Found<Value>> {
  const asked = new Map<string, UnderWay<Value>>();
  return async (key, id) => {
    const before = asked.get(id);
    const ageMs = before?.age() ?? Number.NaN;
    if (before !== undefined && ageMs < Math.max(ttlMs, SAME_MOMENT_MS)) {
      return { value: (await before.answer).value, ageMs };
    }
    const age = ageBy(clock); // the answer may be as old as the question
    const own: UnderWay<Value> = { answer: ask(key, id, age), age };
    asked.set(id, own);
    try {
      return await own.answer;
    } finally {
      if (asked.get(id) === own) asked.delete(id);
    }
  };
}
