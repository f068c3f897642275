import type { JsonObject } from "../../json/index.ts";
import type { Constraint } from "../constraint.ts";
import { listAt, memberAt, type Place } from "../reading.ts";

export const MAX_CLAUSES = 8;

/** The clauses of `all` or `any`. */
export function clausesAt(source: Place<JsonObject>, min: number): readonly Constraint[] {
  return listAt(memberAt(source, "constraints"), min, MAX_CLAUSES).map(source.reading.constraint);
}
