import type { JsonObject } from "../json/index.ts";
import { DeadlinePassed } from "../lib/index.ts";

type Awaitable<T> = T | Promise<T>;

/** A place that knows something by a key: a directory, a registry, a database, a service. */
export interface Source<Key, Value> {
  /** What records call it. */
  readonly name?: string;
  /** JSON Schema of the attributes it gives; for `describeContext`. */
  readonly schema?: JsonObject;
  /** `undefined`: there is no such thing. Throw where it cannot be told. */
  find(key: Key): Awaitable<Value | undefined>;
  /** The same, with the age of the answer; sources that remember answers have it. */
  look?(key: Key): Awaitable<Found<Value>>;
}

/** What a source answered. */
export interface Found<Value> {
  readonly value: Value | undefined;
  /** How long ago it was asked, in milliseconds. */
  readonly ageMs: number;
}

/** Where the attributes of a hop, or of the resource, came from. */
export interface ContextOrigin {
  /** The hop's id as policies see it, or `resource`. */
  readonly of: string;
  /** The source's name. */
  readonly source: string;
  /** How long ago it was asked, in milliseconds; 0 for an answer to this very call. */
  readonly ageMs: number;
  /** An optional source had nothing, or could not tell: policies were asked without it. */
  readonly missing?: true;
}

/** Why a source could not tell. What it threw may quote anything, so nothing is told but a deadline. */
export function faultOf(cause: unknown): string {
  return cause instanceof DeadlinePassed ? cause.message : "it failed";
}

/** Asks a source, and says how old its answer is: one that remembers nothing answers now. */
export function lookUp<Key, Value>(source: Source<Key, Value>, key: Key): Awaitable<Found<Value>> {
  if (source.look !== undefined) {
    const known = source.look(key);
    return known instanceof Promise ? known.then(orNone) : orNone(known);
  }
  const found = source.find(key);
  return found instanceof Promise ? found.then(fresh) : fresh(found);
}

function fresh<Value>(value: Value | undefined): Found<Value> {
  return orNone({ value, ageMs: 0 });
}

/** Databases say null where they have nothing. */
function orNone<Value>({ value, ageMs }: Found<Value>): Found<Value> {
  return { value: value ?? undefined, ageMs };
}
