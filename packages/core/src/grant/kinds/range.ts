import { HopwiseError } from "../../errors.ts";
import type { JsonObject } from "../../json/index.ts";
import { checkNames } from "../../options/index.ts";
import { type Widening, wideningAt } from "../comparison.ts";
import { memberAt, numberAt, type Place, refuse } from "../reading.ts";
import type { Kind } from "./kind.ts";

/** Bounds of a number; each is inclusive unless it says otherwise. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly min_inclusive?: boolean;
  readonly max_inclusive?: boolean;
}

/** A finite number between two bounds. */
export interface RangeConstraint extends Bounds {
  readonly constraint_type: "range";
}

/**
 * A number between the bounds, which are inclusive; `above` and `below` are the exclusive ones.
 *
 * @throws {HopwiseError} `config_invalid` for two bounds at one end, and for another bound
 */
export function range(bounds: { min?: number; max?: number; above?: number; below?: number }): RangeConstraint {
  checkNames("range", bounds, { min: true, max: true, above: true, below: true });
  const { min, max, above, below } = bounds;
  if ((min !== undefined && above !== undefined) || (max !== undefined && below !== undefined)) {
    throw new HopwiseError("config_invalid", "range: give min or above, and max or below, not both of a pair");
  }
  const low = min === undefined ? above : min;
  const high = max === undefined ? below : max;
  return {
    constraint_type: "range",
    ...(low !== undefined && { min: low }),
    ...(high !== undefined && { max: high }),
    ...(above !== undefined && { min_inclusive: false }),
    ...(below !== undefined && { max_inclusive: false }),
  };
}

export const rangeKind: Kind<RangeConstraint> = {
  type: "range",
  core: true,
  members: ["min", "max", "min_inclusive", "max_inclusive"],
  parse: (source) => ({
    constraint_type: "range",
    ...boundsAt(source, numberAt),
    ...flagAt(source, "min_inclusive"),
    ...flagAt(source, "max_inclusive"),
  }),
  passes: (constraint, value) =>
    typeof value === "number" && Number.isFinite(value) && aboveMin(constraint, value) && belowMax(constraint, value),
  narrower: boundsWidening,
  words: (constraint) => `a number${boundsWords(constraint)}`,
};

export function boundsAt(
  source: Place<JsonObject>,
  read: (place: Place) => number | undefined,
): { min?: number; max?: number } {
  const min = read(memberAt(source, "min"));
  const max = read(memberAt(source, "max"));
  if (min !== undefined && max !== undefined && min > max) return refuse(source, "min is above max");
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

function flagAt(source: Place<JsonObject>, name: "min_inclusive" | "max_inclusive"): object {
  const place = memberAt(source, name);
  if (place.value === undefined) return {};
  return typeof place.value === "boolean" ? { [name]: place.value } : refuse(place, "true or false is expected");
}

function aboveMin({ min, min_inclusive = true }: Bounds, value: number): boolean {
  return min === undefined || value > min || (min_inclusive && value === min);
}

function belowMax({ max, max_inclusive = true }: Bounds, value: number): boolean {
  return max === undefined || value < max || (max_inclusive && value === max);
}

export function boundsWidening(parent: Bounds, child: Bounds, pointer: string): Widening | undefined {
  const wider = (key: keyof Bounds, rule: string) => wideningAt(pointer, key, rule, parent[key], child[key]);
  if (parent.min !== undefined) {
    if (child.min === undefined || child.min < parent.min) return wider("min", "a lower bound may only rise");
    if (child.min === parent.min && parent.min_inclusive === false && child.min_inclusive !== false) {
      return wider("min_inclusive", "an exclusive bound stays exclusive");
    }
  }
  if (parent.max !== undefined) {
    if (child.max === undefined || child.max > parent.max) return wider("max", "an upper bound may only fall");
    if (child.max === parent.max && parent.max_inclusive === false && child.max_inclusive !== false) {
      return wider("max_inclusive", "an exclusive bound stays exclusive");
    }
  }
  return undefined;
}

export function boundsWords({ min, max, min_inclusive = true, max_inclusive = true }: Bounds): string {
  const low = min === undefined ? undefined : `${min_inclusive ? "at least" : "more than"} ${min}`;
  const high = max === undefined ? undefined : `${max_inclusive ? "at most" : "less than"} ${max}`;
  const both = [low, high].filter((bound) => bound !== undefined).join(" and ");
  return both === "" ? "" : ` of ${both}`;
}
