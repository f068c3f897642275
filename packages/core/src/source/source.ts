import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { type Awaitable, andThen, DeadlinePassed, type Health } from "../lib/index.ts";
import { besides, having, jsonObject, METHOD, maybe, type Rows, type Shape, text } from "../options/index.ts";
import { noObject } from "./attributes.ts";

/** A place that knows something by a key: a directory, a registry, a database, a service. */
export interface Source<Key, Value> {
  /** The source's name in records. */
  readonly name?: string;
  /** JSON Schema of the attributes it gives; for `describeContext`. */
  readonly schema?: JsonObject;
  /** `undefined` for an unknown key. Throw where the source cannot tell. */
  find(key: Key): Awaitable<Value | undefined>;
  /** The same, with the age of the answer; sources that remember answers have it. */
  look?(key: Key): Awaitable<Found<Value>>;
  /** Whether it could answer just now, and why not, for `health` of an authorizer. Left out: it says nothing of itself. */
  health?(): Awaitable<Health>;
}

type Besides = Omit<Source<never, never>, "find">;

/** What it may have besides `find`. */
const BESIDES: Rows<Besides> = {
  name: maybe(text("a name for records, such as hr")),
  schema: maybe(jsonObject("a JSON Schema")),
  look: METHOD,
  health: METHOD,
};

/** A source that a program made itself. @param more what those of its kind may have, too */
export function sourceShape<More extends object>(what: string, more: Rows<More>): Shape {
  return besides<Besides & More>(having(what, "find"), { ...BESIDES, ...more } as Rows<Besides & More>);
}

/** The answer of a source. */
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
  /** An optional source had no answer, or failed: policies were asked without it. */
  readonly missing?: true;
}

/** Whether a refusal says that a source was late. */
export function isLate(refusal: unknown): boolean {
  return refusal instanceof HopwiseError && refusal.cause instanceof DeadlinePassed;
}

/**
 * Asks a source, and says how old its answer is: 0 for a source that keeps no answers.
 *
 * @throws {HopwiseError} `attributes_invalid` where what it gives is no answer, such as a list of rows: that says nothing, least
 *   of all that the key is unknown
 */
export function lookUp<Key, Value>(source: Source<Key, Value>, key: Key): Awaitable<Found<Value>> {
  if (source.look !== undefined) return andThen(source.look(key), answerFrom<Value>);
  return andThen(source.find(key), (value) => ({ value: oneOf(value), ageMs: 0 }));
}

/** Databases return null for an unknown key, and a list where they may find several. */
function oneOf<Value>(value: Value | null | undefined): Value | undefined {
  if (Array.isArray(value)) throw new HopwiseError("attributes_invalid", `what it gave is ${noObject(value)}`);
  return value ?? undefined;
}

function answerFrom<Value>(given: Found<Value>): Found<Value> {
  const { value, ageMs }: Partial<Found<Value>> = Object(given);
  if (typeof ageMs === "number" && Number.isFinite(ageMs)) return { value: oneOf(value), ageMs };
  throw new HopwiseError("attributes_invalid", "its look gave no answer; one is { value, ageMs }");
}
