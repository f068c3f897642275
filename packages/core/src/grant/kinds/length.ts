import { isCount } from "../../lib/index.ts";
import { wideningAt } from "../comparison.ts";
import { memberAt, type Place, refuse } from "../reading.ts";
import type { Kind } from "./kind.ts";

export interface LengthConstraint {
  readonly constraint_type: "length";
  readonly max: number;
}

/** A text or an array of at most this length; texts are measured in UTF-16 code units. */
export function length(max: number): LengthConstraint {
  return { constraint_type: "length", max };
}

export const lengthKind: Kind<LengthConstraint> = {
  type: "length",
  members: ["max"],
  parse: (source) => ({ constraint_type: "length", max: maxAt(memberAt(source, "max")) }),
  passes: ({ max }, value) => (typeof value === "string" || Array.isArray(value)) && value.length <= max,
  narrower: (parent, child, pointer) =>
    child.max <= parent.max ? undefined : wideningAt(pointer, "max", "a length may only fall", parent.max, child.max),
  words: ({ max }) => `at most ${max} long`,
};

function maxAt(place: Place): number {
  const { value } = place;
  if (isCount(value)) return value;
  return refuse(place, "a whole number, the most characters or items, is expected, such as length(200)");
}
