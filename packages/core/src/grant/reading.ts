import { isJsonObject, isScalar, type JsonObject, type JsonScalar, type JsonValue, pointerTo } from "../json/index.ts";
import { forMore, hiddenInName, plainName } from "../lib/index.ts";
import { wordsAt } from "../options/index.ts";
import type { Constraint } from "./constraint.ts";

/** Bounds of a grant; each is finite, so a token cannot make a verifier work without end. */
export interface GrantLimits {
  readonly tools: number;
  readonly argumentsPerTool: number;
  /** Deepest nesting of constraints in constraints. */
  readonly constraintDepth: number;
  /** Longest tool id or argument name, in UTF-16 code units. */
  readonly nameLength: number;
  /** Longest text of one value in a constraint, in UTF-16 code units. */
  readonly valueLength: number;
}

/** What each may be set to. */
export const MOST_OF_GRANT: GrantLimits = {
  tools: 10_000,
  argumentsPerTool: 10_000,
  constraintDepth: 64,
  nameLength: 4096,
  valueLength: 1024 * 1024,
};

/** How deep a grant nests as JSON in which constraints nest so deep in constraints. */
export function levelsOf(constraintDepth: number): number {
  return 5 + 2 * constraintDepth;
}

/** The most values that a constraint lists. */
export const MAX_VALUES = 64;

/** The reading of one grant. */
export interface Reading {
  readonly limits: GrantLimits;
  /** Whether an author wrote it here, whose slips are told; what came in a token stands as the specification has it. */
  readonly authored: boolean;
  /**
   * Ends the reading: the grant is broken here. Its author is told what came where something else is expected.
   *
   * @param came its kind, in words
   */
  refuse(pointer: string, rule: string, came: string): never;
  /** Reads a constraint on a value that is there; a kind calls it for the constraints inside its own. */
  constraint(place: Place): Constraint;
  /** Reads the constraint of an argument or a property, which may also say whether that is there at all. */
  member(place: Place): Constraint;
}

/** A value that is being read, and where it stands in the grant. */
export interface Place<V extends JsonValue | undefined = JsonValue | undefined> {
  readonly value: V;
  /** The place that contains it; undefined for the grant as a whole. */
  readonly within: Place | undefined;
  /** Its name or its index there; for the grant as a whole, its own pointer. */
  readonly key: string | number;
  /** How deep a constraint at this place would be: 0 is an argument's own. */
  readonly depth: number;
  /** The name of the argument, also for places inside its constraint. */
  readonly argument: string;
  readonly reading: Reading;
}

export function refuse(place: Place, rule: string): never {
  return place.reading.refuse(pointerOf(place), rule, cameAt(place));
}

/** Refuses what goes beyond a limit. An author is held to the most that each can be set to, so that there is no more. */
export function refuseBeyond(place: Place, limit: keyof GrantLimits, rule: (most: number) => string): never {
  const { limits, authored } = place.reading;
  return refuse(place, `${rule(limits[limit])}${authored ? "" : `; ${forMore(limit)}`}`);
}

/** A list of which each item is a list is that of a builder that was given one, and not its items. */
function cameAt({ value, within }: Place): string {
  const isListed = Array.isArray(value) && Array.isArray(within?.value);
  const count = Array.isArray(value) && value.length > 0 ? ` of ${value.length}` : "";
  return `${wordsAt(value, [])}${count}${isListed ? '; give its items one by one, such as oneOf("a", "b"), or oneOf(...list)' : ""}`;
}

/** Built only for a refused place: a grant has hundreds of places, and most pass. */
function pointerOf({ within, key }: Place): string {
  return within === undefined ? String(key) : pointerTo(pointerOf(within), key);
}

export function memberAt(within: Place<JsonObject>, key: string): Place {
  const { value, depth, argument, reading } = within;
  return { value: value[key], within, key, depth, argument, reading };
}

export function objectAt(place: Place): Place<JsonObject> {
  return isJsonObject(place.value) ? (place as Place<JsonObject>) : refuse(place, "an object is expected");
}

/** The names of an object's members, where its author chose them. */
export function namesAt(
  place: Place<JsonObject>,
  limit: "tools" | "argumentsPerTool",
  what: string,
): readonly string[] {
  const names = Object.keys(place.value);
  const { [limit]: max, nameLength } = place.reading.limits;
  if (names.length > max) return refuseBeyond(place, limit, (most) => `at most ${most} ${what}`);
  if (names.some((name) => name.length > nameLength)) {
    return refuseBeyond(place, "nameLength", (most) => `a name is longer than ${most} characters`);
  }
  // What came in a token stands as its author wrote it: it names another argument, and lets no more pass.
  const hidden = place.reading.authored ? names.find((name) => hiddenInName(name) !== undefined) : undefined;
  if (hidden !== undefined) refuse(place, `"${plainName(hidden)}" looks like another name: ${hiddenInName(hidden)}`);
  return names;
}

export function scalarAt(place: Place): JsonScalar {
  const { value } = place;
  if (value === undefined || !isScalar(value)) return refuse(place, "a string, number, boolean or null is expected");
  return typeof value === "string" ? shortEnough(place, value, value) : value;
}

/** @param text how the value is written */
export function shortEnough<V>(place: Place, value: V, text: string): V {
  if (text.length <= place.reading.limits.valueLength) return value;
  return refuseBeyond(place, "valueLength", (most) => `a value is longer than ${most} characters`);
}

/**
 * A text in which an author's `*` would stand for itself alone, and so match nothing that is meant by it.
 */
export function literalAt(place: Place): string {
  const text = textAt(place);
  if (!place.reading.authored || !text.includes("*")) return text;
  return refuse(place, "a text without * is expected: it would stand for itself, not for any letters");
}

export function textAt(place: Place): string {
  if (typeof place.value !== "string" || place.value === "")
    return refuse(place, "a text that is not empty is expected");
  return scalarAt(place) as string;
}

export function listAt(place: Place, min: number, max: number = MAX_VALUES): readonly Place[] {
  const { value, depth, argument, reading } = place;
  if (!Array.isArray(value) || value.length < min || value.length > max) {
    return refuse(place, `an array of ${min} to ${max} items is expected`);
  }
  return value.map((item: JsonValue, key) => ({ value: item, within: place, key, depth, argument, reading }));
}

export function scalarsAt(place: Place, min: number): readonly JsonScalar[] {
  return listAt(place, min).map(scalarAt);
}

/** A number that may be left out. */
export function numberAt(place: Place): number | undefined {
  const { value } = place;
  return value === undefined || typeof value === "number" ? value : refuse(place, "a number is expected");
}

/** A safe integer that may be left out. */
export function integerAt(place: Place): number | undefined {
  const { value } = place;
  if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
  return refuse(place, "an integer is expected");
}
